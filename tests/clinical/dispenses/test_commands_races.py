"""Concurrent work on one prescription: a fill is dispensed once, and a prescription ends once."""

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import eventlet
import pytest

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.persistence.database import Database, Session
from contracts.clinical.prescriptions import Discontinue, Renew
from services.clinical.models.inventory import Item
from services.clinical.prescriptions import commands as prescriptions
from tests.clinical.inventory.factories import totals
from tests.clinical.pharmacy_factories import Case, asked, case, decided, dispense, line, of_item, row, stocked

Work = Callable[[Session], Any]


@pytest.fixture(autouse=True)
def no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show deadlocks instead of retrying."""
    monkeypatch.setattr(execution, "TRIES", 1)


def outcome(database: Database, work: Work) -> Any:
    """Run the work in a new transaction. Return its result, or the code of its refusal."""
    try:
        with database.begin() as session:
            return work(session)
    except MatronError as refusal:
        return refusal.code


def together(database: Database, *works: Work) -> list[Any]:
    """Run all works at the same time in green threads."""
    with eventlet.Timeout(60):
        return [thread.wait() for thread in [eventlet.spawn(outcome, database, work) for work in works]]


def prepared(database: Database, *, refills: int = 1) -> tuple[Case, UUID]:
    with database.begin() as session:
        return case(session, line(refills=refills)), stocked(session)


def dispensed(known: Case, item_id: UUID, quantity: int) -> Work:
    return lambda session: len(dispense(session, known.prescription_id, of_item(item_id, quantity))["lines"])


def test_two_pharmacists_dispense_a_fill_once(fresh: Database) -> None:
    known, item_id = prepared(fresh)
    outcomes = together(fresh, *(dispensed(known, item_id, 21) for _time in range(2)))
    assert Counter(map(str, outcomes)) == {"1": 1, "refill_too_early": 1}
    with fresh.read() as session:
        assert session.get_one(Item, item_id).quantity == 979
        assert totals(session, item_id) == (979, 979, 979)


def test_many_parts_never_exceed_the_fill(fresh: Database) -> None:
    known, item_id = prepared(fresh, refills=0)
    outcomes = Counter(map(str, together(fresh, *(dispensed(known, item_id, 4) for _time in range(10)))))
    assert outcomes == {"1": 5, "more_than_prescribed": 5}
    with fresh.read() as session:
        assert row(session, known.prescription_id).items[0].dispensed == 20


def test_dispense_and_discontinuation_follow_each_other(fresh: Database) -> None:
    known, item_id = prepared(fresh)

    def discontinued(session: Session) -> str:
        command = Discontinue(prescription_id=known.prescription_id, reason="Rash.")
        return str(prescriptions.discontinue(session, known.doctor, command)["status"])

    dispense_outcome, end = together(fresh, dispensed(known, item_id, 21), discontinued)
    assert end == "discontinued"
    with fresh.read() as session:
        taken = row(session, known.prescription_id).items[0].dispensed
    assert (dispense_outcome, taken) in ((1, 21), ("prescription_ended", 0))


def test_prescription_is_renewed_once(fresh: Database) -> None:
    known, _item_id = prepared(fresh)

    def renewed(session: Session) -> str:
        return str(prescriptions.renew(session, known.doctor, Renew(prescription_id=known.prescription_id))["status"])

    outcomes = together(fresh, *(renewed for _time in range(5)))
    assert Counter(outcomes) == {"active": 1, "prescription_ended": 4}


def test_concurrent_requests_for_a_refill_open_one(fresh: Database) -> None:
    known, item_id = prepared(fresh)
    assert together(fresh, dispensed(known, item_id, 21)) == [1]
    outcomes = together(fresh, *(lambda session: asked(session, known)["status"] for _time in range(5)))
    assert Counter(outcomes) == {"requested": 1, "refill_requested": 4}


def test_refill_request_is_decided_once(fresh: Database) -> None:
    known, item_id = prepared(fresh)
    assert together(fresh, dispensed(known, item_id, 21)) == [1]
    with fresh.begin() as session:
        request_id = UUID(str(asked(session, known)["id"]))
    works = [
        lambda session, choice=choice: decided(session, known.doctor, request_id, choice, reason="So.")["status"]
        for choice in ("approve", "deny", "needs_visit")
    ]
    outcomes = Counter(together(fresh, *works))
    assert outcomes["refill_decided"] == 2
    assert outcomes.keys() & {"approved", "denied", "needs_visit"}
