"""Where a request comes from, when proxies stand in front, and how much of an address is one customer's."""

import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address


def family_of(host: str) -> socket.AddressFamily:
    """The family of a host to listen on: IPv6 for an address with colons, IPv4 for any other and for names."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def caller(socket_address: str, forwarded: str, proxies: int) -> str:
    """The caller's network address.

    `forwarded` is the `X-Forwarded-For` header, to which each of so many proxies of ours adds, at the right, whom it
    has spoken with. What stands further to the left anybody may have written, so with no proxy nothing is believed;
    nor when it is too short or no address, as when somebody went round the proxy.
    """
    told = forwarded.split(",") if proxies and forwarded else []
    found = _read(told[-proxies].strip()) if len(told) >= proxies > 0 else None
    return str(found) if found else _plain(socket_address)


def _plain(socket_address: str) -> str:
    """An address as a socket tells it, of IPv4 if that is what it stands for, and without a zone."""
    found = _read(socket_address.partition("%")[0]) if ":" in socket_address else None
    return str(found) if found else socket_address


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """An address, of IPv4 if that is what it stands for; None when it is none.

    One with a zone (`fe80::1%eth0`) is none: a zone may be any text, of any length, and means something only here.
    """
    try:
        found = ip_address(text) if "%" not in text else None
    except ValueError:
        return None
    return _unmapped(found) if found else None


def _unmapped(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """`::ffff:192.0.2.1` is how an address of IPv4 looks to a socket of IPv6."""
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


@lru_cache(maxsize=10_000)
def network(address: str) -> str:
    """What is counted as one: an address of IPv4, but 64 bits of IPv6, since each customer has at least so many."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address)
    except ValueError:
        return address
    plain = _unmapped(found)
    return str(plain) if isinstance(plain, IPv4Address) else plain.packed[:8].hex(":", 2) + "::/64"
