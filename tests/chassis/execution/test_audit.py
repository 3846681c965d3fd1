"""Who did what, allowed or refused, and how it is found again."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import ANYONE, Command, Query
from chassis.errors import Forbidden, NotFound
from chassis.execution import audit
from chassis.execution.run import Operation
from chassis.identity import NOBODY, Actor
from chassis.persistence import tables
from chassis.persistence.database import Database, Session
from contracts.billing.audit import ListAudit
from tests import ward
from tests.chassis.hosts import NURSE, WRITE, outcome, rows, run

RECORD = UUID(int=77)
EVERYTHING: dict[str, Any] = {
    "person_id": None,
    "record_id": None,
    "action": None,
    "allowed": None,
    "from_": None,
    "to": None,
    "limit": 20,
    "cursor": None,
}


class OpenChart(Query, service="ward", roles=ANYONE, returns=ward.NoteView):
    """A patient's chart."""

    patient_id: UUID


class CloseChart(Command, service="ward", roles=ANYONE, returns=ward.NoteView, keyed=False):
    """Every caller is refused."""


def hidden(_session: Session, _actor: Actor, query: OpenChart) -> None:
    """Not this one's."""
    raise NotFound("not_found", str(query.patient_id))


def forbidden(_session: Session, _actor: Actor, _command: CloseChart) -> None:
    """Not for him."""
    raise Forbidden("own_request", "Not you.")


def noted(session: Session, _actor: Actor, _command: CloseChart) -> dict[str, Any]:
    """A reply without the id of the record that it is about."""
    session.note(record_id=RECORD, allowed=False, action="something_else")
    return {"text": "done"}


def found(database: Database, **filters: Any) -> list[Any]:
    """The rows that are listed, newest first."""
    with database.read() as session:
        return audit.listing(session, NURSE, ListAudit(**{**EVERYTHING, **filters})).items


def test_a_read_of_what_is_hidden_is_written_down_with_the_record_that_was_named(database: Database) -> None:
    assert outcome(lambda: run(Operation(OpenChart, hidden), database, {"patient_id": str(RECORD)})) == "not_found"
    [row] = rows(database, tables.audit)
    assert (row.actor_id, row.action, row.record_id, row.allowed) == (NURSE.id, "open_chart", RECORD, False)


def test_a_command_for_which_the_role_is_missing_is_written_down(database: Database) -> None:
    doctor = Actor(id=uuid7(), roles=frozenset({"doctor"}))
    assert outcome(lambda: run(WRITE, database, actor=doctor)) == "role_missing"
    [row] = rows(database, tables.audit)
    assert (row.actor_id, row.action, row.allowed, row.address) == (doctor.id, "write_note", False, "10.0.0.7")


def test_a_forbidden_command_leaves_only_its_row_of_the_audit(database: Database) -> None:
    assert outcome(lambda: run(Operation(CloseChart, forbidden), database, {})) == "own_request"
    assert [row.allowed for row in rows(database, tables.audit)] == [False]


def test_what_strangers_look_for_fills_no_table(database: Database) -> None:
    look = Operation(OpenChart, hidden)
    assert outcome(lambda: run(look, database, {"patient_id": str(RECORD)}, actor=NOBODY, token="")) == "not_found"
    assert rows(database, tables.audit) == []


def test_audit_row_has_the_facts_that_the_use_case_notes(database: Database) -> None:
    run(Operation(CloseChart, noted), database, {})
    [row] = rows(database, tables.audit)
    assert (row.action, row.record_id, row.allowed) == ("something_else", RECORD, False)


def test_a_persons_deeds_are_found_and_what_was_done_to_them(database: Database) -> None:
    mine = run(WRITE, database)["id"]
    other = Actor(id=uuid7(), roles=frozenset({"nurse"}))
    run(WRITE, database, {"text": "another"}, actor=other, key="2")
    assert [row.record_id for row in found(database, person_id=NURSE.id)] == [mine]
    assert [row.actor_id for row in found(database, person_id=mine)] == [NURSE.id]


@pytest.mark.parametrize(
    ("filters", "number"),
    [
        ({}, 2),
        ({"action": "write_note"}, 1),
        ({"allowed": False}, 1),
        ({"record_id": RECORD}, 1),
        ({"to": timedelta(days=-1)}, 0),
        ({"from_": timedelta(days=-1)}, 2),
    ],
)
def test_each_filter_finds_its_rows(database: Database, filters: dict[str, Any], number: int) -> None:
    run(WRITE, database)
    outcome(lambda: run(Operation(OpenChart, hidden), database, {"patient_id": str(RECORD)}))
    asked = {name: clock.now() + value if isinstance(value, timedelta) else value for name, value in filters.items()}
    assert len(found(database, **asked)) == number


def test_pages_follow_one_another_newest_first(database: Database) -> None:
    for number in range(5):
        run(WRITE, database, {"text": str(number)}, key=str(number))
    with database.read() as session:
        first = audit.listing(session, NURSE, ListAudit(**{**EVERYTHING, "limit": 3}))
        second = audit.listing(session, NURSE, ListAudit(**{**EVERYTHING, "limit": 3, "cursor": first.next}))
    ids = [row.id for row in [*first.items, *second.items]]
    assert ids == sorted(ids, reverse=True)
    assert (len(ids), second.next) == (5, None)
