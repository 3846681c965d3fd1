"""Refill requests expire after 14 days."""

from uuid import UUID

import pytest

from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from contracts.clinical.refills import RefillDecided
from services.clinical.models.refills import RefillRequest
from services.clinical.refills.timers import expire
from tests.clinical.factories import published
from tests.clinical.pharmacy_factories import asked, case, dispense, later, line, of_item, stocked


def test_request_expires_after_two_weeks(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    known = case(session, line(refills=1, days=60))
    dispense(session, known.prescription_id, of_item(stocked(session), 21))
    request_id = UUID(str(asked(session, known)["id"]))
    later(monkeypatch, days=13.9)
    expire(session, SYSTEM)
    request = session.get_one(RefillRequest, request_id)
    assert request.status == "requested"
    later(monkeypatch, days=0.1)
    expire(session, SYSTEM)
    expire(session, SYSTEM)
    assert (request.status, request.decision.decided_by if request.decision else "none") == ("expired", None)
    (event,) = published(session, RefillDecided)
    assert (event["status"], event["recipient_ids"]) == ("expired", [known.doctor.person])
