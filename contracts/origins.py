"""Origins of the web (RFC 6454): whose pages may read our replies, and to whom a payer may go back."""

import re
from collections.abc import Iterable

ANY = "*"
ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/?#@\s]+")
ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<host>[a-z0-9][a-z0-9.-]*|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?"
    r"([/?#][!#-;=?-\[\]_a-z~%]*)?",
    re.IGNORECASE | re.ASCII,
)
"""An address without user, password, backslash, blank or quotation mark: no two programs read it as two hosts."""
PORTS = {"http": "80", "https": "443"}
UNSAFE = {"javascript", "data", "vbscript", "file", "blob"}
"""Schemes that run or show what stands in the address."""


def read_all(text: str) -> frozenset[str]:
    """The origins of a list with commas. ValueError: one is none, and the text names it."""
    origins = frozenset(part.strip() for part in text.split(",") if part.strip())
    wrong = sorted(origin for origin in origins if not ORIGIN.fullmatch(origin))
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no origin such as https://app.example")
    return origins


def origin_of(address: str) -> tuple[str, str, str] | None:
    """Scheme, host and port of an address; None when it is not plainly one."""
    found = ADDRESS.fullmatch(address)
    if found is None or (scheme := found["scheme"].lower()) in UNSAFE:
        return None
    return scheme, found["host"].lower(), (found["port"] or PORTS.get(scheme, "")).lstrip("0")


def is_of(address: str, origins: Iterable[str]) -> bool:
    """Whether an address is of one of these origins. `*` names none."""
    origin = origin_of(address)
    return origin is not None and origin in {origin_of(one) for one in origins if one != ANY}
