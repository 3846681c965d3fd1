"""Problem documents contain the facts of an error, and some facts become headers."""

import orjson

from chassis.errors import Conflict, TooMany, Unauthenticated
from gateway.problems import render


def test_problem_document_contains_the_facts() -> None:
    body, headers = render(Conflict("has_visits", "There are visits.", {"visits": ["1"]}), "request-1")
    document = orjson.loads(body)
    assert (document["visits"], document["status"], document["request_id"]) == (["1"], 409, "request-1")
    assert headers == [("Content-Type", "application/problem+json")]


def test_retry_after_is_a_header() -> None:
    body, headers = render(TooMany("locked", "", {"retry_after": 900}), "r")
    assert (("Retry-After", "900") in headers, "retry_after" in orjson.loads(body)) == (True, False)


def test_unauthenticated_problem_names_the_scheme() -> None:
    assert ("WWW-Authenticate", 'Bearer realm="matron"') in render(Unauthenticated("token_missing"), "r")[1]
