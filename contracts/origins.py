"""Web origins (RFC 6454): whose pages may read replies (CORS), and where a payer may return to."""

import re
from collections.abc import Iterable

ANY = "*"
ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/?#@\s]+")
ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?"
    r"([/?#][!#-;=?-\[\]_a-z~%]*)?",
    re.IGNORECASE | re.ASCII,
)
"""A URL without user, password, backslash, blank or quotation mark, so that all programs find the same host in it."""
PORTS = {"http": "80", "https": "443"}
UNSAFE = {"javascript", "data", "vbscript", "file", "blob"}
"""Schemes that run or show the content of the URL itself."""


def read_all(text: str) -> frozenset[str]:
    """The origins of a list separated by commas. ValueError names the first entry that is not an origin."""
    origins = frozenset(part.strip() for part in text.split(",") if part.strip())
    wrong = sorted(origin for origin in origins if not ORIGIN.fullmatch(origin))
    if wrong:
        raise ValueError(f"{wrong[0]!r} is not an origin such as https://app.example")
    return origins


def origin_of(address: str) -> tuple[str, str, str] | None:
    """Scheme, host and port of a URL. None: the URL is ambiguous, or has an unsafe scheme."""
    found = ADDRESS.fullmatch(address)
    if found is None or (scheme := found["scheme"].lower()) in UNSAFE:
        return None
    return scheme, found["host"].lower(), (found["port"] or PORTS.get(scheme, "")).lstrip("0")


def is_of(address: str, origins: Iterable[str]) -> bool:
    """Whether a URL has one of these origins. `*` matches no URL."""
    origin = origin_of(address)
    return origin is not None and origin in {origin_of(allowed) for allowed in origins if allowed != ANY}
