"""Lists, page by page: every row once, whatever the pages' size, and no cursor does harm."""

import base64
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, Table, Uuid, delete, insert, select
from uuid_utils.compat import uuid7

from chassis.contract import Page
from chassis.errors import Invalid
from chassis.execution.run import Operation
from chassis.persistence.database import Database
from chassis.persistence.listing import page
from chassis.persistence.tables import Moment, new_metadata
from tests import ward
from tests.chassis.hosts import run

METADATA = new_metadata()
LINE = Table("line", METADATA, Column("at", Moment), Column("number", Integer), Column("id", Uuid, primary_key=True))


def notes(database: Database, limit: int, cursor: str | None) -> Page:
    """A page of notes by text."""
    with database.read() as session:
        query = select(ward.Note.id, ward.Note.text)
        return page(session, query, (ward.Note.text, ward.Note.id), limit=limit, cursor=cursor)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(numbers=st.lists(st.integers(0, 5), max_size=12), limit=st.integers(1, 14), newest_first=st.booleans())
def test_every_row_comes_once_and_in_order(
    sqlite: Database,
    numbers: list[int],
    limit: int,
    newest_first: bool,  # noqa: FBT001
) -> None:
    METADATA.create_all(sqlite.engine)
    with sqlite.begin() as session:
        session.execute(delete(LINE))
        for number in numbers:
            session.execute(insert(LINE), {"id": uuid7(), "number": number})
    got, cursor = list[Any](), None
    with sqlite.read() as session:
        while True:
            query, keys = select(LINE.c.number, LINE.c.id), (LINE.c.number, LINE.c.id)
            found = page(session, query, keys, limit=limit, cursor=cursor, newest_first=newest_first)
            got += found.items
            if (cursor := found.next) is None:
                break
            assert len(found.items) == limit
    assert len({row.id for row in got}) == len(got) == len(numbers)
    assert [tuple(row) for row in got] == sorted((tuple(row) for row in got), reverse=newest_first)


def test_new_row_moves_no_row_of_the_next_page(database: Database) -> None:
    add(database, "b", "c", "d")
    first = notes(database, 2, None)
    add(database, "e")
    second = notes(database, 2, first.next)
    assert [row.text for row in [*first.items, *second.items]] == ["d", "c", "b"]


def add(database: Database, *texts: str) -> None:
    """Add notes."""
    with database.begin() as session:
        session.add_all([ward.Note(id=uuid7(), text=text) for text in texts])


def test_a_last_page_that_is_full_has_no_next(database: Database) -> None:
    add(database, "a", "b")
    assert notes(database, 2, None).next is None


def cursor_of(*values: object) -> str:
    """A cursor as ours are made, of any values."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


BAD = {
    "nonsense": "nonsense!",
    "empty": "",
    "no list": base64.urlsafe_b64encode(b"{}").decode(),
    "too few": cursor_of("2026-11-23T09:00:00+00:00"),
    "too many": cursor_of("2026-11-23T09:00:00+00:00", 1, str(uuid7()), 1),
    "no time": cursor_of("soon", 1, str(uuid7())),
    "no zone": cursor_of("2026-11-23T09:00:00", 1, str(uuid7())),
    "no id": cursor_of("2026-11-23T09:00:00+00:00", 1, "asha"),
    "null": cursor_of(None, None, None),
    "nested": cursor_of([], {}, []),
    "before time": cursor_of("0001-01-01T00:00:00+14:00", 1, str(uuid7())),
    "after time": cursor_of("9999-12-31T23:59:59-12:00", 1, str(uuid7())),
    "too large": cursor_of("2026-11-23T09:00:00+00:00", 2**63, str(uuid7())),
    "infinite": cursor_of("2026-11-23T09:00:00+00:00", "1e999", str(uuid7())),
    "unicode": "ééé",
}


@pytest.mark.parametrize("cursor", BAD.values(), ids=BAD)
def test_a_cursor_that_is_not_ours_is_refused(database: Database, cursor: str) -> None:
    METADATA.create_all(database.engine)
    keys = (LINE.c.at, LINE.c.number, LINE.c.id)
    with pytest.raises(Invalid) as refused, database.read() as session:
        page(session, select(*keys), keys, limit=5, cursor=cursor)
    assert (refused.value.code, list(refused.value.facts["errors"])) == ("bad_cursor", ["cursor"])


def test_a_text_in_a_cursor_may_not_hold_nul(database: Database) -> None:
    with pytest.raises(Invalid):
        notes(database, 5, cursor_of("a\0b", str(uuid7())))


LISTING = Operation(ward.ListNotes, ward.listing)


class ListWhispers(ward.ListNotes):
    """Another list, of the very same rows."""


def shown(database: Database, shape: Operation, cursor: str | None = None) -> Any:
    """A page of one row, as a caller sees it."""
    return run(shape, database, {"limit": 1, **({} if cursor is None else {"cursor": cursor})})


def test_a_cursor_of_another_list_is_refused(database: Database) -> None:
    add(database, "a", "b")
    following = shown(database, LISTING)["next"]
    with pytest.raises(Invalid) as refused:
        shown(database, Operation(ListWhispers, ward.listing), following)
    assert (refused.value.code, list(refused.value.facts["errors"])) == ("bad_cursor", ["cursor"])
    assert [row["text"] for row in shown(database, LISTING, following)["items"]] == ["b"]


@pytest.mark.parametrize("cursor", ["", cursor_of("a", str(uuid7())), ward.ListNotes.mark()])
def test_a_cursor_without_its_mark_or_of_nothing_else_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(Invalid, match="bad_cursor"):
        shown(database, LISTING, cursor)


def test_the_last_page_has_no_cursor_to_mark(database: Database) -> None:
    add(database, "a")
    assert shown(database, LISTING)["next"] is None


def test_a_cursor_of_the_longest_name_is_not_too_long(database: Database) -> None:
    for number in range(2):
        add(database, "\U0001f642" * 199 + str(number))
    assert shown(database, LISTING, shown(database, LISTING)["next"])["next"] is None


@given(st.text(max_size=100) | st.binary(max_size=80).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_cursor_does_more_than_being_refused(sqlite: Database, cursor: str) -> None:
    try:
        notes(sqlite, 5, cursor)
    except Invalid as refused:
        assert refused.code == "bad_cursor"  # noqa: PT017
