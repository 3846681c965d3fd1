"""One HTTP request as the gateway sees it, and what may be read from it within the limits."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from chassis.errors import Invalid, Unauthenticated
from gateway.problems import BadRequest, TooLarge, UnsupportedMedia

MAX_BODY = 1024 * 1024
MAX_KEY = 255


@dataclass(slots=True)
class Request:
    """A request whose path has been matched."""

    environ: dict[str, Any]
    id: str
    path_values: dict[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        """`GET`, `POST` and so on."""
        return str(self.environ["REQUEST_METHOD"])

    @property
    def address(self) -> str:
        """The caller's network address."""
        return str(self.environ.get("REMOTE_ADDR", ""))

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
            raise Unauthenticated("token_invalid", "Send the access token as `Authorization: Bearer ...`.")
        return token.strip()

    def key(self) -> str:
        """The client's idempotency key, or the request's id."""
        key = self.header("IDEMPOTENCY_KEY")
        if len(key) > MAX_KEY or not key.isprintable():
            raise Invalid("bad_key", "An Idempotency-Key has at most 255 printable characters.")
        return key or self.id

    def body(self) -> bytes:
        """The whole body. TooLarge: over 1 MiB. BadRequest: it broke off, or its length is no number."""
        length = self.environ.get("CONTENT_LENGTH") or ""
        if length and not length.isdecimal():
            raise BadRequest("bad_length", "Content-Length is not a number.")
        if length and int(length) > MAX_BODY:
            raise TooLarge("body_too_large", "A body has at most 1 MiB.")
        if not length and "chunked" not in self.header("TRANSFER_ENCODING").lower():
            return b""
        try:
            body: bytes = self.environ["wsgi.input"].read(int(length) if length else MAX_BODY + 1)
        except (OSError, ValueError):
            raise BadRequest("body_broken", "The body broke off.") from None
        if len(body) > MAX_BODY:
            raise TooLarge("body_too_large", "A body has at most 1 MiB.")
        if length and len(body) < int(length):
            raise BadRequest("body_broken", "The body broke off.")
        return body

    def json(self) -> dict[str, Any]:
        """The body's JSON object; empty when there is no body."""
        body = self.body()
        if not body:
            return {}
        kind = str(self.environ.get("CONTENT_TYPE", "")).partition(";")[0].strip().lower()
        if kind not in ("application/json", ""):
            raise UnsupportedMedia("not_json", "Send the body as application/json.")
        try:
            value = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise BadRequest("bad_json", "The body is not JSON.") from None
        if not isinstance(value, dict):
            raise Invalid("invalid", "The body is not a JSON object.")
        return value

    def query(self) -> dict[str, str]:
        """The query string's values. Invalid: one is given twice."""
        text = self.environ.get("QUERY_STRING", "")
        if not text:
            return {}
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=50, errors="strict")
        except ValueError:
            raise BadRequest("bad_query", "The query string cannot be read.") from None
        values = dict(pairs)
        if len(values) < len(pairs):
            raise Invalid("invalid", "A parameter of the query string is given twice.")
        return values
