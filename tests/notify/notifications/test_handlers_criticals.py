"""Notifications about critical results that no doctor has acknowledged."""

from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.clinical.critical_alerts import CriticalEscalated, CriticalStep
from tests.events import example_of
from tests.notify.factories import change_admin, handle, heard, notified


def _told(session: Session, **facts: Any) -> dict[UUID, str]:
    """Deliver an escalation twice; return the messages by person."""
    event = example_of(CriticalEscalated, **facts)
    actor = heard(session, "critical_escalated", subject=event.result_id)
    for _time in range(2):
        handle(session, actor, event)
    rows = notified(session, actor)
    assert {(row.kind, row.subject_id) for row in rows} <= {("critical_escalated", event.result_id)}
    return {row.person_id: row.message for row in rows}


def test_treating_doctors_are_notified_once(session: Session) -> None:
    doctors = [uuid7(), uuid7()]
    change_admin(session, uuid7())
    told = _told(session, recipient_ids=doctors)
    assert set(told) == set(doctors)
    assert "of your patient" in told[doctors[0]]


def test_admins_are_notified_at_the_last_step(session: Session) -> None:
    admin, former = uuid7(), uuid7()
    change_admin(session, admin)
    change_admin(session, former, is_admin=False)
    told = _told(session, step=CriticalStep.ADMINS.value, recipient_ids=[])
    assert set(told) == {admin}
    assert "needs a doctor at once" in told[admin]


def test_no_notification_is_written_without_recipients(session: Session) -> None:
    assert _told(session, recipient_ids=[]) == {}
