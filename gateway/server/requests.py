"""One HTTP request as the gateway sees it, and what may be read from it within the limits."""

import json
import re
from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

import orjson
from uuid_utils import uuid7

from chassis.refusals import TOKEN_INVALID, WRONG_FIELDS
from gateway.problems import (
    BAD_IF_MATCH,
    BAD_JSON,
    BAD_KEY,
    BAD_QUERY,
    BODY_BROKEN,
    BODY_ENCODED,
    BODY_TOO_LARGE,
    NOT_JSON,
    REQUEST_TIMEOUT,
    TooLarge,
)

MAX_BODY = 1024 * 1024
MAX_STRANGERS_BODY = 16 * 1024
"""Of a request to a route that anyone may ask: it is read before anybody has shown who they are."""
MAX_VALUES = 4_000
"""In one JSON body. Refusing 250,000 wrong ones, one by one, kept a service busy for ten seconds."""
MAX_DEPTH = 20
MAX_KEY = 255
MOST_PARAMETERS = 120
"""So that a list of 100 ids may be given one by one."""
MAX_DEVICE = 200
TWICE = "Given twice."
IF_MATCH = re.compile(r'\*|(W/)?"[^"]*"([ \t]*,[ \t]*(W/)?"[^"]*")*')
ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)
NOWHERE = "%2F"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def path_of(told: str) -> str:
    """The path of a request line without its escapes; one of no route when a slash is among them.

    A proxy in front may have decided by the path as it was told, such as to keep `/health/` within.
    """
    if ENCODED_SLASH.search(told):
        return NOWHERE
    return unquote(told, encoding="latin-1") if "%" in told else told


def id_of(environ: dict[str, Any]) -> str:
    """The client's own `X-Request-Id`, when it is one that may stand in logs; else a new one."""
    told = environ.get("HTTP_X_REQUEST_ID")
    return told if told is not None and REQUEST_ID.fullmatch(told) else str(uuid7())


@dataclass(slots=True)
class Request:
    """A request whose path has been matched."""

    environ: dict[str, Any]
    id: str
    """What it is called in logs, events and audit; the client may have chosen it."""
    address: str = ""
    """The caller's network address."""
    path_values: dict[str, str] = field(default_factory=dict)
    waited: float = 0.0
    """Seconds that it has waited for others of its address to sign in."""

    @property
    def method(self) -> str:
        """`GET`, `POST` and so on."""
        return str(self.environ["REQUEST_METHOD"])

    def header(self, name: str) -> str:
        """A header by its name in capitals with underscores; empty when there is none."""
        return str(self.environ.get(f"HTTP_{name}", ""))

    def token(self) -> str:
        """The bearer token; empty when there is none. Unauthenticated: another scheme."""
        value = self.header("AUTHORIZATION")
        if not value:
            return ""
        scheme, _, token = value.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TOKEN_INVALID("Send the access token as `Authorization: Bearer ...`.")
        return token.strip()

    def key(self) -> str:
        """The client's idempotency key, or a new one: not the request's id, which the client may use again."""
        key: str | None = self.environ.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return str(uuid7())
        if not 0 < len(key) <= MAX_KEY or not key.isprintable():
            raise BAD_KEY()
        return key

    def if_match(self) -> str:
        """The `If-Match` header; empty when there is none. BadRequest: `bad_if_match`."""
        value = self.header("IF_MATCH")
        if value and not IF_MATCH.fullmatch(value):
            raise BAD_IF_MATCH()
        return value

    def device(self) -> str:
        """What the client's program calls itself, as far as it can be shown."""
        return "".join(filter(str.isprintable, self.header("USER_AGENT")))[:MAX_DEVICE]

    def body(self, most: int = MAX_BODY) -> bytes:
        """The whole body. TooLarge: over `most` bytes. BadRequest: it broke off. TimedOut: it did not come in time.

        Unavailable: `busy`. UnsupportedMedia: it is compressed.
        """
        length = self.environ.get("CONTENT_LENGTH") or ""
        if length and int(length) > most:
            raise _too_large(most)
        if not length and "HTTP_TRANSFER_ENCODING" not in self.environ:
            return b""
        if self.environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
            raise BODY_ENCODED()
        try:
            body: bytes = self.environ["wsgi.input"].whole(most)
        except TimeoutError:
            raise REQUEST_TIMEOUT() from None
        except OSError:
            raise BODY_BROKEN() from None
        if len(body) > most:
            raise _too_large(most)
        if length and len(body) < int(length):
            raise BODY_BROKEN()
        return body

    def json(self, most: int = MAX_BODY) -> dict[str, Any]:
        """The body's JSON object, of at most so many bytes; empty when there is no body."""
        body = self.body(most)
        if not body:
            return {}
        kind = str(self.environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
        if kind not in ("application/json", ""):
            raise NOT_JSON()
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise BAD_JSON() from None
        if not isinstance(value, dict):
            raise WRONG_FIELDS("The body is not a JSON object.")
        if sum(map(body.count, (b",", b"[", b"{"))) > MAX_DEPTH and _is_too_much(value):
            raise BODY_TOO_LARGE()
        if _has_twice(body):
            raise BAD_JSON("The body names a member of an object twice.")
        return value

    def query(self) -> dict[str, str]:
        """The query string's values. Invalid: one is given twice. BadRequest: `bad_query`."""
        values, twice = self.parameters()
        if twice:
            raise WRONG_FIELDS(
                "A parameter of the query string is given twice.", errors={name: [TWICE] for name in twice}
            )
        return values

    def parameters(self, lists: Container[str] = ()) -> tuple[dict[str, str], list[str]]:
        """The query string's values, those of `lists` with commas between them; and which others are given twice.

        BadRequest: `bad_query`.
        """
        text = self.environ.get("QUERY_STRING", "")
        if not text:
            return {}, []
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_PARAMETERS, errors="strict")
        except ValueError:
            raise BAD_QUERY() from None
        values = dict(pairs)
        return (values, []) if len(values) == len(pairs) else _joined(pairs, lists)


def _joined(pairs: list[tuple[str, str]], lists: Container[str]) -> tuple[dict[str, str], list[str]]:
    """Values of which some are given twice, as `Request.parameters` tells them."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    twice = [name for name, values in found.items() if len(values) > 1 and name not in lists]
    return {name: ",".join(values) if name in lists else values[-1] for name, values in found.items()}, twice


def _too_large(most: int) -> TooLarge:
    return BODY_TOO_LARGE(f"A body has at most {most // 1024} KiB here.")


class _Twice(Exception):
    """An object has a member twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_int=str, parse_float=str)
"""Only names are looked at here. Orjson takes the last of two members without a word."""


def _has_twice(body: bytes) -> bool:
    """Whether JSON names a member of an object twice. Two programs may then read different values from it."""
    try:
        _STRICT.decode(body.decode())
    except _Twice:
        return True
    return False


def _is_too_much(value: Any) -> bool:
    """Whether it holds more values, or deeper ones, than any command takes; level by level, since it may be deep."""
    level, found = [value], 0
    for _ in range(MAX_DEPTH):
        held = [one for one in level if isinstance(one, dict | list)]
        level = [inner for one in held for inner in (one.values() if isinstance(one, dict) else one)]
        found += len(level)
        if not level or found > MAX_VALUES:
            return bool(level)
    return True
