"""Errors as callers see them: the gateway's own refusals, and the problem document (RFC 9457) of every error."""

from typing import Any

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
    """The request cannot be read at all."""

    status, title = 400, "Bad request"


class MethodNotAllowed(MatronError):
    """The path is there, but not for this method; `facts["allow"]` names those that it has."""

    status, title = 405, "Method not allowed"


class TimedOut(MatronError):
    """The request has not come as a whole within the time for it."""

    status, title = 408, "Request timeout"


class LineTooLong(MatronError):
    """The first line of the request, which has its URL, is longer than is taken."""

    status, title = 414, "URL too long"


class HeadTooLarge(MatronError):
    """The request has more headers, or larger ones, than are taken."""

    status, title = 431, "Headers too large"


class TooLarge(MatronError):
    """The body is larger than is taken."""

    status, title = 413, "Too large"


class UnsupportedMedia(MatronError):
    """The body is not of a type that is taken."""

    status, title = 415, "Unsupported media type"


BAD_HEAD = Refusal(
    BadRequest,
    "bad_head",
    "The request's head cannot be read.",
    "The first line or the headers are not those of HTTP/1.1. The connection is closed.",
)
BAD_LENGTH = Refusal(
    BadRequest,
    "bad_length",
    "Content-Length is not a number.",
    "`Content-Length` is not a number, or the request gives its length in more than one way. The connection is closed.",
)
BODY_BROKEN = Refusal(
    BadRequest,
    "body_broken",
    "The body broke off.",
    "The body ended before its length, or its chunks could not be read.",
)
BAD_JSON = Refusal(
    BadRequest, "bad_json", "The body is not JSON.", "The body is not JSON, or names a member of an object twice."
)
BAD_QUERY = Refusal(BadRequest, "bad_query", "The query string cannot be read.")
BAD_IF_MATCH = Refusal(
    BadRequest,
    "bad_if_match",
    "If-Match is * or a list of tags in quotation marks.",
    "`If-Match` is neither `*` nor a list of tags in quotation marks.",
)
BAD_KEY = Refusal(
    Invalid,
    "bad_key",
    "An Idempotency-Key has 1 to 255 printable characters.",
    "The `Idempotency-Key` is empty, longer than 255 characters, or has unprintable ones.",
)
NO_SUCH_ROUTE = Refusal(NotFound, "no_such_route", "There is nothing at this address.")
METHOD_NOT_ALLOWED = Refusal(
    MethodNotAllowed,
    "method_not_allowed",
    "Not with this method.",
    "The address is there, but not for this method; `Allow` names those that it has.",
)
REQUEST_TIMEOUT = Refusal(
    TimedOut,
    "request_timeout",
    "The request did not come in time.",
    "The request, head and body, did not come within 30 seconds. The connection is closed.",
)
BODY_TOO_LARGE = Refusal(
    TooLarge,
    "body_too_large",
    "A body has at most 4,000 values, within 20 levels.",
    "The body is larger than 1 MiB (16 KiB where no token is asked for), "
    "or its JSON has more than 4,000 values or 20 levels.",
)
LINE_TOO_LONG = Refusal(
    LineTooLong,
    "line_too_long",
    "The first line of a request has at most 16 KiB.",
    "The first line of the request, with the URL, is longer than 16 KiB.",
)
HEAD_TOO_LARGE = Refusal(
    HeadTooLarge,
    "head_too_large",
    "The request's head has at most 100 headers, 16 KiB each and 64 KiB together.",
    "The request has more than 100 headers, or more than 64 KiB of them.",
)
NOT_JSON = Refusal(
    UnsupportedMedia, "not_json", "Send the body as application/json.", "Send the body as `application/json`."
)
BODY_ENCODED = Refusal(
    UnsupportedMedia,
    "body_encoded",
    "Send the body as it is, without a Content-Encoding.",
    "The body has a `Content-Encoding`, such as `gzip`: send it as it is.",
)
RATE_LIMITED = Refusal(
    TooMany,
    "rate_limited",
    "Too many requests: wait a moment.",
    "Too many requests of this account, or from this address: "
    "`Retry-After` and `RateLimit-Reset` say how many seconds to wait.",
)
SERVICE_DOWN = Refusal(
    Unavailable,
    "service_down",
    "A part of the system is down.",
    "The service that does this does not run. Nothing was done.",
)


def render(error: MatronError, request_id: str) -> tuple[bytes, list[tuple[str, str]]]:
    """The problem document of an error, and the headers that go with it."""
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


def _document(error: MatronError, request_id: str, facts: dict[str, Any]) -> dict[str, Any]:
    return facts | {
        "type": f"urn:matron:error:{error.code}",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        "request_id": request_id,
    }
