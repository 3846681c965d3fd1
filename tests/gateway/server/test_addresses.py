"""Where a request comes from: proxies of ours are believed, and nobody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.addresses import caller, network

PROXY = "10.0.0.1"
LONGEST = 45
"""Characters of an address: what the columns hold."""


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
def test_the_caller_is_whom_our_outermost_proxy_has_spoken_with(forwarded: str, proxies: int, address: str) -> None:
    assert caller(PROXY, forwarded, proxies) == address


@given(st.text(max_size=60), st.integers(0, 3))
def test_any_header_gives_some_address(forwarded: str, proxies: int) -> None:
    assert 0 < len(caller(PROXY, forwarded, proxies)) <= LONGEST


@given(st.from_regex(r"[0-9a-f:.]{0,20}%.{0,400}", fullmatch=True))
def test_no_text_gets_in_behind_an_address(forwarded: str) -> None:
    assert caller(PROXY, forwarded, 1) == PROXY


@pytest.mark.parametrize(
    ("socket", "address"),
    [("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("2001:db8::7", "2001:db8::7"), ("", "")],
)
def test_an_address_of_a_socket_is_shown_as_people_know_it(socket: str, address: str) -> None:
    assert caller(socket, "", 0) == caller(socket, "no address", 1) == address


def test_a_network_is_an_address_of_ipv4_or_64_bits_of_ipv6() -> None:
    assert network("192.0.2.1") == network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::2") != network("2001:db8:1:3::1")


@given(st.text(max_size=40))
def test_any_address_has_a_network(address: str) -> None:
    assert isinstance(network(address), str)
