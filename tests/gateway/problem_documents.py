"""The problem documents of replies."""

import requests

FIELDS = {"type", "title", "status", "code", "detail", "request_id"}


def problem(reply: requests.Response) -> tuple[int, str]:
    """Check that a problem document is complete, and return its status and code."""
    document = reply.json()
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert document.keys() >= FIELDS
    assert (document["status"], document["request_id"]) == (reply.status_code, reply.headers["X-Request-Id"])
    assert document["type"] == f"urn:matron:error:{document['code']}"
    return reply.status_code, document["code"]
