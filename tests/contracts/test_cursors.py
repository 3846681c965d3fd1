"""Every list marks its cursors, so that a cursor of another list is refused."""

from chassis.contract import PageQuery
from contracts.audit import AuditQuery
from tests.guards.house import commands

LISTS = [query for query in commands() if issubclass(query, PageQuery)]


def test_marks_of_lists_are_unique() -> None:
    audits = [query for query in LISTS if issubclass(query, AuditQuery) and query.service != "gateway"]
    marks = {query.mark() for query in LISTS}
    assert len(marks) == len(LISTS) - len(audits) + 1, (
        "the audits of the services share a mark: the gateway shows them as a single list"
    )


def test_reply_of_every_list_has_a_cursor() -> None:
    assert [query.__name__ for query in LISTS if "next" not in query.returns.schema().fields] == []


def test_query_with_a_cursor_is_a_list() -> None:
    assert [query for query in commands() if "cursor" in query.schema().fields and query not in LISTS] == []
