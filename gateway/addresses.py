"""Where a request comes from, when proxies stand in front, and how much of an address is one customer's."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


def caller(socket_address: str, forwarded: str, proxies: int) -> str:
    """The caller's network address.

    `forwarded` is the `X-Forwarded-For` header, to which each of so many proxies of ours adds, at the right, whom it
    has spoken with. What stands further to the left anybody may have written, so with no proxy nothing is believed;
    nor when it is too short or no address, as when somebody went round the proxy.
    """
    if not proxies or not forwarded:
        return socket_address
    told = forwarded.split(",")
    if len(told) < proxies:
        return socket_address
    try:
        return str(ip_address(told[-proxies].strip()))
    except ValueError:
        return socket_address


@lru_cache(maxsize=10_000)
def network(address: str) -> str:
    """What is counted as one: an address of IPv4, but 64 bits of IPv6, since each customer has at least so many."""
    if ":" not in address:
        return address
    try:
        found = ip_address(address)
    except ValueError:
        return address
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return str(mapped) if mapped else found.packed[:8].hex(":", 2) + "::/64"
