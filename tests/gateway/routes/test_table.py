"""The route table finds what is meant, and its problem documents keep what they must."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Conflict, NotFound, TooMany, Unauthenticated
from gateway.problems import MethodNotAllowed, render
from gateway.server.http import Table


def handler(name: str) -> Any:
    """A handler that is told apart by its name."""
    return lambda _request: (200, [], name.encode())


@pytest.fixture
def table() -> Table:
    """Two routes of one shape, and a fixed one beside them."""
    table = Table()
    for method, url in (("GET", "/a/{x}/b"), ("POST", "/a/{x}/b"), ("GET", "/a/fixed/b"), ("GET", "/a.b")):
        table.add(method, url, handler(f"{method} {url}"))
    return table


def found(table: Table, method: str, path: str) -> tuple[str, dict[str, str]]:
    """The route of a request, and what its path says."""
    handler, _url, values = table.find(method, path)
    return handler(None)[2].decode(), values  # type: ignore[arg-type]


def test_a_part_in_braces_takes_any_one_part(table: Table) -> None:
    assert found(table, "POST", "/a/1/b") == ("POST /a/{x}/b", {"x": "1"})


def test_a_fixed_path_goes_before_one_with_parts(table: Table) -> None:
    assert found(table, "GET", "/a/fixed/b") == ("GET /a/fixed/b", {})


@pytest.mark.parametrize("path", ["/a/b", "/a//b", "/a/1/2/b", "/a/1/b/", "/aXb", "", "/A/1/b"])
def test_other_paths_are_not_found(table: Table, path: str) -> None:
    with pytest.raises(NotFound):
        table.find("GET", path)


def test_another_method_is_told_which_there_are(table: Table) -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        table.find("DELETE", "/a/1/b")
    assert refused.value.facts["allow"] == "GET, HEAD, OPTIONS, POST"


@given(st.text())
def test_no_path_breaks_the_table(path: str) -> None:
    table = Table()
    table.add("GET", "/a/{x}", handler("a"))
    try:
        assert table.find("GET", path)[2] == {"x": path.removeprefix("/a/")}
    except NotFound as refused:
        assert refused.code == "no_such_route"  # noqa: PT017


def test_a_problem_keeps_the_facts_that_a_program_needs() -> None:
    body, headers = render(Conflict("has_visits", "There are visits.", {"visits": ["1"]}), "request-1")
    document = orjson.loads(body)
    assert (document["visits"], document["status"], document["request_id"]) == (["1"], 409, "request-1")
    assert headers == [("Content-Type", "application/problem+json")]


def test_when_to_come_back_is_a_header() -> None:
    body, headers = render(TooMany("locked", "", {"retry_after": 900}), "r")
    assert (("Retry-After", "900") in headers, "retry_after" in orjson.loads(body)) == (True, False)


def test_who_is_not_signed_in_learns_how() -> None:
    assert ("WWW-Authenticate", 'Bearer realm="matron"') in render(Unauthenticated("token_missing"), "r")[1]
