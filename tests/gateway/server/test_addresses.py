"""The caller's address comes from trusted proxies only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.addresses import caller, network

PROXY = "10.0.0.1"
LONGEST = 45
"""The longest address, as in the database columns."""


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("203.0.113.7", 0, PROXY),
        ("", 1, PROXY),
        ("203.0.113.7", 1, "203.0.113.7"),
        ("6.6.6.6, 203.0.113.7", 1, "203.0.113.7"),
        ("6.6.6.6,203.0.113.7,10.0.0.2", 2, "203.0.113.7"),
        ("203.0.113.7", 2, PROXY),
        ("203.0.113.7, unknown", 1, PROXY),
        ("203.0.113.7:80", 1, PROXY),
        ("2001:DB8::7", 1, "2001:db8::7"),
        ("::ffff:203.0.113.7", 1, "203.0.113.7"),
        ("::ffff:cb00:7107", 1, "203.0.113.7"),
        ("fe80::1%eth0", 1, PROXY),
        ("::1%<script>", 1, PROXY),
        ("1::1%" + "x" * 300, 1, PROXY),
    ],
)
def test_caller_is_the_client_of_the_outermost_trusted_proxy(forwarded: str, proxies: int, address: str) -> None:
    assert caller(PROXY, forwarded, proxies) == address


@given(st.text(max_size=60), st.integers(0, 3))
def test_caller_has_an_address_for_any_header(forwarded: str, proxies: int) -> None:
    assert 0 < len(caller(PROXY, forwarded, proxies)) <= LONGEST


@given(st.from_regex(r"[0-9a-f:.]{0,20}%.{0,400}", fullmatch=True))
def test_address_with_a_zone_is_ignored(forwarded: str) -> None:
    assert caller(PROXY, forwarded, 1) == PROXY


@pytest.mark.parametrize(
    ("socket", "address"),
    [("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("2001:db8::7", "2001:db8::7"), ("", "")],
)
def test_socket_address_is_shown_without_zone_and_mapping(socket: str, address: str) -> None:
    assert caller(socket, "", 0) == caller(socket, "no address", 1) == address


def test_network_is_an_ipv4_address_or_64_bits_of_ipv6() -> None:
    assert network("192.0.2.1") == network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::2") != network("2001:db8:1:3::1")


@given(st.text(max_size=40))
def test_network_exists_for_any_text(address: str) -> None:
    assert isinstance(network(address), str)
