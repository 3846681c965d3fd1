"""URLs match an origin only if they really have it."""

import pytest

from contracts import origins

OURS = {"https://app.example", "http://127.0.0.1:8000", "capacitor://localhost", "https://[::1]:8443"}


@pytest.mark.parametrize(
    "address",
    [
        "https://app.example",
        "https://APP.example/invoices?of=me#first",
        "https://app.example:443/",
        "http://127.0.0.1:8000/a/@b",
        "https://app.example?next=https://other.example",
        "capacitor://localhost/invoices",
        "https://[::1]:8443/",
    ],
)
def test_url_has_the_origin_it_starts_with(address: str) -> None:
    assert origins.is_of(address, OURS)


@pytest.mark.parametrize(
    "address",
    [
        "https://other.example/",
        "https://app.example@evil.example/",
        "https://app.example:443@evil.example/",
        "https://app.example.evil.example/",
        "https://evil.example/https://app.example",
        "https://app.example\\@evil.example",
        "https://app.example\\.evil.example",
        "https:/\\evil.example",
        "https:\\\\app.example",
        "//app.example",
        "//evil.example",
        "/invoices",
        "app.example",
        "http://app.example/",
        "https://app.example:8443/",
        "https://app.example.",
        " https://app.example",
        "https://app.example\n",
        "https://app.example/\x00",
        'https://app.example/"onclick=',
        "https://app.example/<script>",
        "https://аpp.example/",  # noqa: RUF001  a Cyrillic letter
        "https://app。example/",
        "javascript://app.example/%0aalert(1)",
        "javascript:alert(1)",
        "data:text/html,hello",
        "https://",
        "",
        "*",
    ],
)
def test_url_that_imitates_an_origin_does_not_match(address: str) -> None:
    assert not origins.is_of(address, {*OURS, "*", "javascript://app.example"})


def test_list_of_origins_names_an_invalid_entry() -> None:
    assert origins.read_all(" https://a.example, * ,") == {"https://a.example", "*"}
    with pytest.raises(ValueError, match="/path"):
        origins.read_all("https://b.example,https://a.example/path")
