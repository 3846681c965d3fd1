"""Notifications about patients who deteriorate."""

import pytest
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.clinical.vitals import PatientDeteriorating
from tests.events import example_of
from tests.notify.factories import handle, heard, notified

LINES = {
    "red_parameter": "A patient needs a prompt review. Open the patient's chart.",
    "urgent": "A patient needs an urgent review. Open the patient's chart.",
    "emergency": "Emergency: a patient needs help now. Open the patient's chart.",
}


@pytest.mark.parametrize("level", LINES)
def test_deterioration_notifies_all_recipients_once(session: Session, level: str) -> None:
    people = [uuid7(), uuid7()]
    event = example_of(PatientDeteriorating, level=level, recipient_ids=[*people, people[0]])
    actor = heard(session, "patient_deteriorating", subject=event.patient_id)
    for _time in range(2):
        handle(session, actor, event)
    rows = notified(session, actor)
    assert sorted(row.person_id for row in rows) == people
    assert {(row.kind, row.subject_id, row.message) for row in rows} == {
        ("patient_deteriorating", event.patient_id, LINES[level])
    }


def test_deterioration_without_recipients_notifies_none(session: Session) -> None:
    event = example_of(PatientDeteriorating, recipient_ids=[])
    actor = heard(session, "patient_deteriorating", subject=event.patient_id)
    handle(session, actor, event)
    assert notified(session, actor) == []
