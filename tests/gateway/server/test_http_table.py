"""The route table finds the route of a request."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import NotFound
from gateway.problems import MethodNotAllowed
from gateway.server.http import Table


def handler(name: str) -> Any:
    """Return a handler that answers with its name."""
    return lambda _request: (200, [], name.encode())


@pytest.fixture
def table() -> Table:
    """Return a table of two routes with one pattern, and two fixed paths."""
    table = Table()
    for method, url in (("GET", "/a/{x}/b"), ("POST", "/a/{x}/b"), ("GET", "/a/fixed/b"), ("GET", "/a.b")):
        table.add(method, url, handler(f"{method} {url}"))
    return table


def found(table: Table, method: str, path: str) -> tuple[str, dict[str, str]]:
    """Return the route of a request, and the values in its path."""
    handler, _url, values = table.find(method, path)
    return handler(None)[2].decode(), values  # type: ignore[arg-type]


def test_part_in_braces_matches_one_part(table: Table) -> None:
    assert found(table, "POST", "/a/1/b") == ("POST /a/{x}/b", {"x": "1"})


def test_fixed_path_has_precedence_over_a_pattern(table: Table) -> None:
    assert found(table, "GET", "/a/fixed/b") == ("GET /a/fixed/b", {})


@pytest.mark.parametrize("urls", [("/b/{x}", "/b/{x}.pdf"), ("/b/{x}.pdf", "/b/{x}")])
def test_longer_fixed_text_has_precedence_in_any_order(urls: tuple[str, str]) -> None:
    table = Table()
    for url in urls:
        table.add("GET", url, handler(url))
    assert found(table, "GET", "/b/1") == ("/b/{x}", {"x": "1"})
    assert found(table, "GET", "/b/1.pdf") == ("/b/{x}.pdf", {"x": "1"})


@pytest.mark.parametrize("path", ["/a/b", "/a//b", "/a/1/2/b", "/a/1/b/", "/aXb", "", "/A/1/b"])
def test_path_is_not_found_when_it_differs(table: Table, path: str) -> None:
    with pytest.raises(NotFound):
        table.find("GET", path)


def test_wrong_method_names_the_allowed_methods(table: Table) -> None:
    with pytest.raises(MethodNotAllowed) as refused:
        table.find("DELETE", "/a/1/b")
    assert refused.value.facts["allow"] == "GET, HEAD, OPTIONS, POST"


@given(st.text())
def test_path_is_found_or_refused_for_any_text(path: str) -> None:
    table = Table()
    table.add("GET", "/a/{x}", handler("a"))
    try:
        assert table.find("GET", path)[2] == {"x": path.removeprefix("/a/")}
    except NotFound as refused:
        assert refused.code == "no_such_route"  # noqa: PT017
