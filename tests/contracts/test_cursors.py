"""Every list marks its cursors, so that one of another list is refused instead of being read as a place in this one."""

from chassis.contract import PageQuery
from contracts.audit import AuditQuery
from tests.guards.house import commands

LISTS = [one for one in commands() if issubclass(one, PageQuery)]


def test_no_two_lists_have_one_mark() -> None:
    audits = [one for one in LISTS if issubclass(one, AuditQuery) and one.service != "gateway"]
    marks = {one.mark() for one in LISTS}
    assert len(marks) == len(LISTS) - len(audits) + 1, "but the services' audits, which the gateway shows as one list"


def test_what_every_list_answers_has_a_place_for_the_cursor() -> None:
    assert [one.__name__ for one in LISTS if "next" not in one.returns.schema().fields] == []


def test_whatever_has_a_cursor_is_such_a_list() -> None:
    assert [one for one in commands() if "cursor" in one.schema().fields and one not in LISTS] == []
