"""Finish each reply: security headers, 304 if the client has the current version, compression.

The headers follow OWASP's REST security cheat sheet. Constant lists are built once, because this code runs for each
reply.
"""

import gzip
import re
from collections.abc import Generator, Iterator
from functools import lru_cache
from http import HTTPStatus

from gateway.server.cors import Cors, Headers
from gateway.server.requests import Request

FIXED = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
]
UNLESS_SET = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
]
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
MIN_COMPRESSED = 1_400
"""Bytes. A smaller body fits into one packet, so compression would not make it faster."""
LEVEL = 1
"""The fastest of nine levels: a list of appointments shrinks to a sixth, in a third of the default level's time."""
COMPRESSED = re.compile(r"application/(problem\+)?json|text/(html|css|javascript|calendar)|application/javascript")
SECRET = ("/api/auth/", "/api/users/me/mfa")
"""URLs whose replies contain secrets. Compressed together with text from the caller, their size would leak the secrets
(BREACH)."""
BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


class Stream:
    """The body of a reply that is sent piece by piece. `close` ends it early."""

    def __init__(self, length: int, pieces: Generator[bytes, None, None]) -> None:
        self.length, self.pieces = length, pieces

    def __len__(self) -> int:
        return self.length

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces

    def close(self) -> None:
        """Send nothing more."""
        self.pieces.close()


Answer = tuple[int, Headers, bytes | Stream]


class Replies:
    """Finishes the replies of one gateway."""

    def __init__(self, *, https: bool, cors: Cors) -> None:
        self.cors = cors
        self.fixed = [*FIXED, *([HSTS] if https else [])]
        self.always = [*self.fixed, *UNLESS_SET]

    def finish(self, request: Request, url: str, answer: Answer) -> Answer:
        """Return the reply as the server sends it."""
        status, headers, body = answer
        more, vary = [("X-Request-Id", request.id)], list[str]()
        if status == HTTPStatus.OK and request.method in ("GET", "HEAD") and _client_has(request, headers):
            status, body = int(HTTPStatus.NOT_MODIFIED), b""
            headers = [header for header in headers if header[0] != "Content-Type"]
        if isinstance(body, bytes) and len(body) >= MIN_COMPRESSED and _may_shrink(url, headers):
            vary.append("Accept-Encoding")
            if takes_gzip(request.header("ACCEPT_ENCODING")):
                body = _packed(url, body)
                more.append(("Content-Encoding", "gzip"))
        if self.cors.is_on:
            vary.append("Origin")
            origin = request.header("ORIGIN")
            more += self.cors.of_reply(origin) if self.cors.allows(origin) else []
        if vary:
            headers = _varied(headers, vary)
        if status not in BODILESS:
            more.append(("Content-Length", str(len(body))))
        return status, self._dressed(headers + more), body

    def _dressed(self, headers: Headers) -> Headers:
        """Add the headers of every reply, unless the reply has set its own."""
        names = {name for name, _ in headers}
        if names.isdisjoint(_SET_BY_SOME):
            return headers + self.always
        return headers + self.fixed + [header for header in UNLESS_SET if header[0] not in names]


_SET_BY_SOME = frozenset(name for name, _ in UNLESS_SET)


def _varied(headers: Headers, vary: list[str]) -> Headers:
    """Add names to the `Vary` header."""
    known = [value for name, value in headers if name == "Vary"]
    rest = [header for header in headers if header[0] != "Vary"]
    return [*rest, ("Vary", ", ".join(dict.fromkeys([*known, *vary])))]


def _client_has(request: Request, headers: Headers) -> bool:
    """Whether the client has the current version (RFC 9110, 13.1.2: weak comparison)."""
    known = request.header("IF_NONE_MATCH")
    if not known:
        return False
    tag = next((value for name, value in headers if name == "ETag"), "")
    tags = [part.strip().removeprefix("W/") for part in known.split(",")]
    return bool(tag) and ("*" in tags or tag.removeprefix("W/") in tags)


def _may_shrink(url: str, headers: Headers) -> bool:
    if url.startswith(SECRET) or any(name == "Content-Encoding" for name, _ in headers):
        return False
    return any(name == "Content-Type" and COMPRESSED.match(value) for name, value in headers)


@lru_cache(maxsize=256)
def takes_gzip(accepted: str) -> bool:
    """Whether an `Accept-Encoding` header accepts gzip (RFC 9110, 12.5.3): a weight over 0 for `gzip` or `*`."""
    weights: dict[str, float] = {}
    for part in accepted.lower().split(","):
        coding, _, weight = part.partition(";")
        weights[coding.strip()] = _weight(weight)
    return weights.get("gzip", weights.get("*", 0.0)) > 0


def _weight(text: str) -> float:
    name, _, value = text.replace(" ", "").partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0


def _packed(url: str, body: bytes) -> bytes:
    """Compress the body. Pages are cached, since they are the same for all callers."""
    return gzip.compress(body, LEVEL, mtime=0) if url.startswith("/api/") else _packed_page(body)


@lru_cache(maxsize=32)
def _packed_page(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)
