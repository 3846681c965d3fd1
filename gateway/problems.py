"""Errors as callers see them: the gateway's own refusals, and the problem document (RFC 9457) of each error."""

import orjson

from chassis.errors import Invalid, MatronError, NotFound, TooMany, Unauthenticated, Unavailable
from chassis.refusals import Refusal

CONTENT_TYPE = "application/problem+json"
REASONS = {
    200: "200 OK",
    201: "201 Created",
    202: "202 Accepted",
    204: "204 No Content",
    303: "303 See Other",
    304: "304 Not Modified",
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    408: "408 Request Timeout",
    409: "409 Conflict",
    412: "412 Precondition Failed",
    413: "413 Content Too Large",
    414: "414 URI Too Long",
    415: "415 Unsupported Media Type",
    422: "422 Unprocessable Content",
    429: "429 Too Many Requests",
    431: "431 Request Header Fields Too Large",
    500: "500 Internal Server Error",
    503: "503 Service Unavailable",
    504: "504 Gateway Timeout",
}


class BadRequest(MatronError):
    """The request cannot be read."""

    status, title = 400, "Bad request"


class MethodNotAllowed(MatronError):
    """The path exists, but not for this method. `facts["allow"]` lists the methods of the path."""

    status, title = 405, "Method not allowed"


class TimedOut(MatronError):
    """The request has not arrived in time."""

    status, title = 408, "Request timeout"


class LineTooLong(MatronError):
    """The first line of the request, which contains the URL, is too long."""

    status, title = 414, "URL too long"


class HeadTooLarge(MatronError):
    """The request has too many headers, or too large headers."""

    status, title = 431, "Headers too large"


class TooLarge(MatronError):
    """The body is too large."""

    status, title = 413, "Too large"


class UnsupportedMedia(MatronError):
    """The body has an unsupported type."""

    status, title = 415, "Unsupported media type"


BAD_HEAD = Refusal(
    BadRequest,
    "bad_head",
    "The request line or the headers are malformed.",
    "The first line or the headers do not conform to HTTP/1.1. The gateway closes the connection.",
)
BAD_LENGTH = Refusal(
    BadRequest,
    "bad_length",
    "Content-Length is not a number.",
    "`Content-Length` is not a number, or the request states its length twice. The gateway closes the connection.",
)
BODY_BROKEN = Refusal(
    BadRequest,
    "body_broken",
    "The body is incomplete.",
    "The body ended before its length, or its chunks are malformed.",
)
BAD_JSON = Refusal(
    BadRequest, "bad_json", "The body is not JSON.", "The body is not JSON, or an object in it names a member twice."
)
BAD_QUERY = Refusal(BadRequest, "bad_query", "The query string is malformed.")
BAD_IF_MATCH = Refusal(
    BadRequest,
    "bad_if_match",
    "Send If-Match as * or as a list of tags in quotation marks.",
    "`If-Match` is neither `*` nor a list of tags in quotation marks.",
)
BAD_KEY = Refusal(
    Invalid,
    "bad_key",
    "An Idempotency-Key has 1 to 255 printable characters.",
    "The `Idempotency-Key` is empty, longer than 255 characters, or has unprintable characters.",
)
NO_SUCH_ROUTE = Refusal(NotFound, "no_such_route", "This address does not exist.")
METHOD_NOT_ALLOWED = Refusal(
    MethodNotAllowed,
    "method_not_allowed",
    "This address does not support the method.",
    "The address exists, but not for this method. `Allow` lists its methods.",
)
REQUEST_TIMEOUT = Refusal(
    TimedOut,
    "request_timeout",
    "The request did not arrive in time.",
    "The request did not arrive within 30 seconds. The gateway closes the connection.",
)
BODY_TOO_LARGE = Refusal(
    TooLarge,
    "body_too_large",
    "A body has at most 4,000 values in 20 levels.",
    "The body is larger than 1 MiB (16 KiB on routes without a token), or its JSON has more than 4,000 values or "
    "20 levels.",
)
LINE_TOO_LONG = Refusal(
    LineTooLong,
    "line_too_long",
    "The first line of a request has at most 16 KiB.",
    "The first line of the request, which contains the URL, is longer than 16 KiB.",
)
HEAD_TOO_LARGE = Refusal(
    HeadTooLarge,
    "head_too_large",
    "A request has at most 100 headers, of 16 KiB each and 64 KiB in all.",
    "The request has more than 100 headers, a header over 16 KiB, or more than 64 KiB of headers.",
)
NOT_JSON = Refusal(
    UnsupportedMedia, "not_json", "Send the body as application/json.", "Send the body as `application/json`."
)
BODY_ENCODED = Refusal(
    UnsupportedMedia,
    "body_encoded",
    "Send the body without a Content-Encoding.",
    "The body has a `Content-Encoding`, such as `gzip`. Send it uncompressed.",
)
RATE_LIMITED = Refusal(
    TooMany,
    "rate_limited",
    "Too many requests. Wait a moment.",
    "This account or address has sent too many requests. `Retry-After` and `RateLimit-Reset` give the seconds to wait.",
)
SERVICE_DOWN = Refusal(
    Unavailable,
    "service_down",
    "A part of the system is down.",
    "The service for this request is down. Nothing was changed.",
)


def render(error: MatronError, request_id: str) -> tuple[bytes, list[tuple[str, str]]]:
    """Return the problem document of an error, and its headers."""
    facts = error.facts
    headers = [("Content-Type", CONTENT_TYPE)]
    if "retry_after" in facts:
        headers.append(("Retry-After", str(facts.pop("retry_after"))))
    if "rate_limit" in facts:
        headers += [
            ("RateLimit-Limit", str(facts.pop("rate_limit"))),
            ("RateLimit-Remaining", "0"),
            ("RateLimit-Reset", headers[-1][1]),
        ]
    if "allow" in facts:
        headers.append(("Allow", facts.pop("allow")))
    if isinstance(error, Unauthenticated):
        headers.append(("WWW-Authenticate", 'Bearer realm="matron"'))
    return orjson.dumps(_document(error, request_id, facts)), headers


def _document(error: MatronError, request_id: str, facts: dict[str, object]) -> dict[str, object]:
    return facts | {
        "type": f"urn:matron:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id,
    }
