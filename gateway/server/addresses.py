"""The caller's address behind proxies, and the network that it belongs to."""

import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address


def family_of(host: str) -> socket.AddressFamily:
    """Return the address family of a host to listen on: IPv6 if it has colons, else IPv4."""
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def caller(socket_address: str, forwarded: str, proxies: int) -> str:
    """Return the caller's address.

    Each of our `proxies` appends the address of its client to `forwarded`, the `X-Forwarded-For` header. Clients can
    write anything further left, so the header is ignored without a proxy. It is also ignored if it is too short or has
    no address in that place, as when a client bypassed the proxy.
    """
    hops = forwarded.split(",") if proxies and forwarded else []
    found = _read(hops[-proxies].strip()) if len(hops) >= proxies > 0 else None
    return str(found) if found else _plain(socket_address)


def _plain(socket_address: str) -> str:
    """Return the address of a socket without its zone, and an IPv4-mapped address as IPv4."""
    found = _read(socket_address.partition("%")[0]) if ":" in socket_address else None
    return str(found) if found else socket_address


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address, and an IPv4-mapped address as IPv4. None: the text is no address.

    An address with a zone (`fe80::1%eth0`) is refused: a zone can be any text, and has a meaning only on its own host.
    """
    try:
        found = ip_address(text) if "%" not in text else None
    except ValueError:
        return None
    return _unmapped(found) if found else None


def _unmapped(found: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return IPv4 for `::ffff:192.0.2.1`, as an IPv6 socket shows an IPv4 address."""
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


@lru_cache(maxsize=10_000)
def network(address: str) -> str:
    """Return an IPv4 address, or the first 64 bits of IPv6, since each customer has at least a network of 64 bits."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address)
    except ValueError:
        return address
    plain = _unmapped(found)
    return str(plain) if isinstance(plain, IPv4Address) else plain.packed[:8].hex(":", 2) + "::/64"
