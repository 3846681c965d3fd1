"""Notifications about visit notes."""

from uuid import UUID

import pytest

from chassis.persistence.database import Session
from contracts.clinical.records import RecordAdded, RecordKind
from services.notify.texts import of_notification
from tests.events import example_of
from tests.notify.factories import handle, heard, notified


def recipients(session: Session, event: RecordAdded) -> list[UUID]:
    """Handle an event twice; return the notified people."""
    actor = heard(session, event.event_name(), subject=event.record_id)
    for _time in range(2):
        handle(session, actor, event)
    return [row.person_id for row in notified(session, actor)]


@pytest.mark.parametrize("kind", set(RecordKind) - {RecordKind.NURSING_NOTE})
def test_record_notifies_the_patient_once(session: Session, kind: RecordKind) -> None:
    event = example_of(RecordAdded, kind=kind)
    assert recipients(session, event) == [event.patient_id]


def test_nursing_note_notifies_no_person(session: Session) -> None:
    assert recipients(session, example_of(RecordAdded, kind=RecordKind.NURSING_NOTE)) == []


def test_later_version_is_announced_as_a_correction() -> None:
    text = of_notification("record_added", {**example_of(RecordAdded, revision=2).data, "recipient": "patient_id"})
    assert text == "An entry in your health record was corrected."
