"""Notifications: created by events, marked as read by their person."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.notify.notifications import ReadNotification
from contracts.scheduling.appointments.events import AppointmentRequested, AppointmentRescheduled
from services.notify.models.notifications import Notification
from services.notify.notifications.commands import mark_read, notify
from tests.events import example_of
from tests.notify.factories import heard, notification, notified, person


def _prescribed(session: Session, patient_id: UUID, **fields: UUID) -> Notification:
    return notification(session, PrescriptionAdded, "patient_id", patient_id=patient_id, **fields)


def _read(session: Session, reader: Actor, notification_id: UUID) -> Notification:
    return mark_read(session, reader, ReadNotification(person_id=reader.person, notification_id=notification_id))


def test_event_notifies_the_person_in_its_field(session: Session) -> None:
    doctor_id = uuid7()
    row = notification(session, AppointmentRequested, "doctor_id", doctor_id=doctor_id)
    assert (row.person_id, row.kind, row.is_read) == (doctor_id, "appointment_requested", False)


def test_notification_has_the_id_of_its_subject(session: Session) -> None:
    prescription_id = uuid7()
    assert _prescribed(session, uuid7(), prescription_id=prescription_id).subject_id == prescription_id


def test_repeated_event_notifies_once(session: Session) -> None:
    event_id, patient_id = uuid7(), uuid7()
    first = _prescribed(session, patient_id, event_id=event_id)
    assert _prescribed(session, patient_id, event_id=event_id).id == first.id


def test_event_notifies_several_people_once_each(session: Session) -> None:
    event, actor = example_of(AppointmentRescheduled), heard(session, "appointment_rescheduled")
    for _time in range(2):
        notify(session, actor, event, "patient_id", "doctor_id")
    found = [row.person_id for row in notified(session, actor)]
    assert sorted(found) == sorted([event.patient_id, event.doctor_id])


def test_person_in_two_fields_is_notified_once(session: Session) -> None:
    person_id = uuid7()
    event = example_of(AppointmentRescheduled, patient_id=person_id, doctor_id=person_id)
    actor = heard(session, "appointment_rescheduled")
    notify(session, actor, event, "patient_id", "doctor_id")
    assert [row.person_id for row in notified(session, actor)] == [person_id]


def test_repeated_reading_keeps_the_first_time(session: Session) -> None:
    reader = person()
    row = _prescribed(session, reader.person)
    first = _read(session, reader, row.id).read_at
    assert ReadNotification.returns.dump_one(_read(session, reader, row.id))["is_read"]
    assert row.read_at == first


def test_reading_is_refused_when_the_notification_is_foreign(session: Session) -> None:
    row = _prescribed(session, uuid7())
    with pytest.raises(NotFound):
        _read(session, person(), row.id)


def test_reading_is_refused_when_there_is_no_notification(session: Session) -> None:
    with pytest.raises(NotFound):
        _read(session, person(), uuid7())
