"""Errors as callers see them: problem documents (RFC 9457). The one place where an error is rendered."""

from typing import Any

import orjson

from chassis.errors import MatronError, Unauthenticated

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
