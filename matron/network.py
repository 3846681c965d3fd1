"""Where `matron run` listens, whom that lets in, and by which address people reach it."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from chassis.config import ConfigError
from gateway.server.addresses import family_of

ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses of nobody (RFC 5737, RFC 3849), for which the system still chooses our own one."""
DISCARD = 9


@dataclass(frozen=True)
class Listening:
    """A host to listen on, as the setting has it, and the address that it is."""

    host: str
    address: IPv4Address | IPv6Address

    @classmethod
    def at(cls, host: str) -> "Listening":
        """`ConfigError` when the host has no address."""
        try:
            found = socket.getaddrinfo(host, None, family_of(host), socket.SOCK_STREAM)
        except OSError as error:
            raise ConfigError(f"HTTP_HOST: {host} has no address: {error.strerror}") from None
        return cls(host, ip_address(str(found[0][4][0]).partition("%")[0]))

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it."""
        return self.address.is_loopback

    @property
    def is_everywhere(self) -> bool:
        """Whether it is all addresses of this machine."""
        return self.address.is_unspecified

    def url(self, port: int) -> str:
        """Where people reach it."""
        host = _own_address(family_of(self.host)) if self.is_everywhere else self.host
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _own_address(family: socket.AddressFamily) -> str:
    """This machine's address towards others; its name without a network. Nothing is sent."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((ELSEWHERE[family], DISCARD))
            return str(asking.getsockname()[0])
    except OSError:
        return socket.gethostname()
