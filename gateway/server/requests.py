"""One HTTP request: its headers, its query and its body, read within limits."""

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
"""The body limit of routes without a token: the gateway reads the body of an unknown caller."""
MAX_VALUES = 4_000
"""Values in one JSON body. Refusing 250,000 wrong values one by one kept a service busy for ten seconds."""
MAX_DEPTH = 20
MAX_KEY = 255
MOST_PARAMETERS = 120
"""Enough for a list of 100 ids as repeated parameters."""
MAX_DEVICE = 200
TWICE = "Given twice."
IF_MATCH = re.compile(r'\*|(W/)?"[^"]*"([ \t]*,[ \t]*(W/)?"[^"]*")*')
ENCODED_SLASH = re.compile("%2f", re.IGNORECASE)
NOWHERE = "%2F"
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


def path_of(raw: str) -> str:
    """Return the path of a request line, unescaped. A path with an escaped slash matches no route.

    A proxy may have decided by the raw path, for example to block `/health/` from outside.
    """
    if ENCODED_SLASH.search(raw):
        return NOWHERE
    return unquote(raw, encoding="latin-1") if "%" in raw else raw


def id_of(environ: dict[str, Any]) -> str:
    """Return the client's `X-Request-Id` if it is safe in logs, else a new id."""
    sent = environ.get("HTTP_X_REQUEST_ID")
    return sent if sent is not None and REQUEST_ID.fullmatch(sent) else str(uuid7())


@dataclass(slots=True)
class Request:
    """A request to a route."""

    environ: dict[str, Any]
    id: str
    """The request id in logs, events and audit. The client may have chosen it."""
    address: str = ""
    """The caller's IP address."""
    path_values: dict[str, str] = field(default_factory=dict)
    waited: float = 0.0
    """Seconds that a sign-in has waited for other attempts of its network."""

    @property
    def method(self) -> str:
        """The HTTP method, such as `GET`."""
        return str(self.environ["REQUEST_METHOD"])

    def header(self, name: str) -> str:
        """Return a header by its name in capitals with underscores; empty if the request has none."""
        return str(self.environ.get(f"HTTP_{name}", ""))

    def token(self) -> str:
        """Return the bearer token; empty if the request has none. Unauthenticated: another scheme."""
        value = self.header("AUTHORIZATION")
        if not value:
            return ""
        scheme, _, token = value.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise TOKEN_INVALID("Send the access token as `Authorization: Bearer ...`.")
        return token.strip()

    def key(self) -> str:
        """Return the client's idempotency key, or a new key. The request id is no key, since clients may reuse it."""
        key: str | None = self.environ.get("HTTP_IDEMPOTENCY_KEY")
        if key is None:
            return str(uuid7())
        if not 0 < len(key) <= MAX_KEY or not key.isprintable():
            raise BAD_KEY()
        return key

    def if_match(self) -> str:
        """Return the `If-Match` header; empty if the request has none. BadRequest: `bad_if_match`."""
        value = self.header("IF_MATCH")
        if value and not IF_MATCH.fullmatch(value):
            raise BAD_IF_MATCH()
        return value

    def device(self) -> str:
        """Return the printable part of `User-Agent`."""
        return "".join(filter(str.isprintable, self.header("USER_AGENT")))[:MAX_DEVICE]

    def body(self, most: int = MAX_BODY) -> bytes:
        """Read the whole body. TooLarge: more than `most` bytes. BadRequest: the body is incomplete.

        TimedOut: the body is too slow. Unavailable: `busy`. UnsupportedMedia: the body is compressed.
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
        """Read the JSON object of a body of at most `most` bytes; empty without a body."""
        body = self.body(most)
        if not body:
            return {}
        kind = str(self.environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
        if kind not in ("application/json", ""):
            raise NOT_JSON()
        return object_in(body)

    def query(self) -> dict[str, str]:
        """Return the query parameters. Invalid: a parameter is given twice. BadRequest: `bad_query`."""
        values, twice = self.parameters()
        if twice:
            raise WRONG_FIELDS(
                "A parameter of the query string is given twice.", errors={name: [TWICE] for name in twice}
            )
        return values

    def parameters(self, lists: Container[str] = ()) -> tuple[dict[str, str], list[str]]:
        """Return the query parameters, and the names of those given twice. BadRequest: `bad_query`.

        The values of a parameter in `lists` are joined by commas.
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


def object_in(body: bytes) -> dict[str, Any]:
    """Read a JSON object. BadRequest: `bad_json`. Invalid: no object. TooLarge: too many values or levels."""
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


def _joined(pairs: list[tuple[str, str]], lists: Container[str]) -> tuple[dict[str, str], list[str]]:
    """Return the result of `Request.parameters` if some parameters are given twice."""
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    twice = [name for name, values in found.items() if len(values) > 1 and name not in lists]
    return {name: ",".join(values) if name in lists else values[-1] for name, values in found.items()}, twice


def _too_large(most: int) -> TooLarge:
    return BODY_TOO_LARGE(f"A body has at most {most // 1024} KiB here.")


class _Twice(Exception):
    """A JSON object names a member twice."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Twice
    return found


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_int=str, parse_float=str)
"""Checks only names. Orjson silently takes the last of two members with the same name."""


def _has_twice(body: bytes) -> bool:
    """Whether a JSON object names a member twice. Two programs could then read different values."""
    try:
        _STRICT.decode(body.decode())
    except _Twice:
        return True
    return False


def _is_too_much(value: Any) -> bool:
    """Whether a value has more parts or levels than any command takes. No recursion, since the value may be deep."""
    level, found = [value], 0
    for _ in range(MAX_DEPTH):
        groups = [part for part in level if isinstance(part, dict | list)]
        level = [part for group in groups for part in (group.values() if isinstance(group, dict) else group)]
        found += len(level)
        if not level or found > MAX_VALUES:
            return bool(level)
    return True
