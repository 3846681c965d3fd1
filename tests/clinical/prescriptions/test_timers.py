"""Prescriptions are completed when their course is over."""

import pytest
from sqlalchemy import select

from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from services.clinical.models.history import HistoryEntry
from services.clinical.models.refills import RefillRequest
from services.clinical.prescriptions.timers import complete
from tests.clinical.pharmacy_factories import asked, case, dispense, later, line, of_item, row, settle, stocked


def _completed(session: Session) -> None:
    complete(session, SYSTEM)
    settle(session)


def test_prescription_is_completed_when_all_fills_would_be_used_up(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = case(session, line(days=7, refills=1))
    later(monkeypatch, days=13)
    _completed(session)
    assert row(session, known.prescription_id).status == "active"
    later(monkeypatch, days=1)
    _completed(session)
    found = row(session, known.prescription_id)
    assert (found.status, found.end.author_id if found.end else "none") == ("completed", None)


def test_late_dispense_prolongs_the_course(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    known = case(session, line(days=7))
    later(monkeypatch, days=6)
    dispense(session, known.prescription_id, of_item(stocked(session), 21))
    later(monkeypatch, days=6)
    _completed(session)
    assert row(session, known.prescription_id).status == "active"
    later(monkeypatch, days=1)
    _completed(session)
    assert row(session, known.prescription_id).status == "completed"


def test_longest_course_of_a_prescription_counts(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    known = case(session, line(days=7), line("Paracetamol", days=30))
    later(monkeypatch, days=8)
    _completed(session)
    assert row(session, known.prescription_id).status == "active"


def test_completion_enters_the_history_without_author(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    case(session)
    later(monkeypatch, days=8)
    _completed(session)
    entry = session.scalars(select(HistoryEntry).order_by(HistoryEntry.id)).all()[-1]
    assert (entry.title, entry.version, entry.author_id) == ("Completed: Amoxicillin", 2, None)


def test_completion_expires_the_open_refill_request(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    known = case(session, line(days=3, refills=1))
    dispense(session, known.prescription_id, of_item(stocked(session), 21))
    request_id = asked(session, known)["id"]
    later(monkeypatch, days=7)
    _completed(session)
    assert session.get_one(RefillRequest, request_id).status == "expired"
