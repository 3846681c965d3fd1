"""The address on which `matron run` listens, and who can reach it."""

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

from chassis.config import ConfigError
from gateway.server.addresses import family_of

ELSEWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
"""Addresses without a host (RFC 5737, RFC 3849). The system still chooses a source address for them."""
DISCARD = 9


@dataclass(frozen=True)
class Listening:
    """A host to listen on, as `HTTP_HOST` names it, and its address."""

    host: str
    address: IPv4Address | IPv6Address

    @classmethod
    def at(cls, host: str) -> "Listening":
        """Look up the host. `ConfigError` if it has no address."""
        try:
            found = socket.getaddrinfo(host, None, family_of(host), socket.SOCK_STREAM)
        except OSError as error:
            raise ConfigError(f"HTTP_HOST: {host} has no address: {error.strerror}") from None
        return cls(host, ip_address(str(found[0][4][0]).partition("%")[0]))

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the address."""
        return self.address.is_loopback

    @property
    def is_everywhere(self) -> bool:
        """Whether the address stands for all addresses of this machine."""
        return self.address.is_unspecified

    def url(self, port: int) -> str:
        """The URL for browsers and clients."""
        host = _own_address(family_of(self.host)) if self.is_everywhere else self.host
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _own_address(family: socket.AddressFamily) -> str:
    """The address of this machine in its network, or its name without a network. Sends nothing."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((ELSEWHERE[family], DISCARD))
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
