"""Erasure of a patient: texts are deleted, and open visits are cancelled."""

import pytest

from chassis.errors import NotFound
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentCancelled
from services.scheduling.models.appointments import Appointment
from tests.scheduling.departures import erase_user
from tests.scheduling.factories import (
    add_doctor,
    at,
    book,
    changes_of,
    doctor_status_revision,
    make_patient,
    published,
)


@pytest.mark.parametrize("status", ["requested", "booked", "displaced"])
def test_future_visit_is_cancelled_when_its_patient_is_erased(session: Session, status: str) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient, reason="my knee")
    session.get_one(Appointment, visit["id"]).status = status
    session.flush()
    erase_user(session, patient)
    assert doctor_status_revision(session, visit) == (doctor.person, "cancelled", 2)
    [event] = published(session, AppointmentCancelled)
    assert (event["appointment_id"], event["by"]) == (visit["id"], "patient")
    assert session.get_one(Appointment, visit["id"]).status_reason is None
    assert changes_of(session, visit)[-1] == (2, "cancelled", None)


@pytest.mark.parametrize("status", ["arrived", "in_progress", "fulfilled", "no_show"])
def test_visit_that_took_place_stays_when_its_patient_is_erased(session: Session, status: str) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit, other_visit = book(session, doctor, actor=patient), book(session, doctor, starts_at=at(hour=11))
    session.get_one(Appointment, visit["id"]).status = status
    session.flush()
    erase_user(session, patient)
    assert [doctor_status_revision(session, each)[1:] for each in (visit, other_visit)] == [
        (status, 1),
        ("requested", 1),
    ]


def test_reason_of_an_erased_patient_is_deleted_and_the_visit_stays(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit, other_visit = (
        book(session, doctor, actor=patient, reason="my knee"),
        book(session, doctor, starts_at=at(hour=11)),
    )
    session.get_one(Appointment, other_visit["id"]).reason = "my elbow"
    session.flush()
    erase_user(session, patient)
    session.expire_all()
    assert [session.get_one(Appointment, each["id"]).reason for each in (visit, other_visit)] == [None, "my elbow"]


def test_booking_is_refused_when_the_patient_is_erased(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    erase_user(session, patient)
    with pytest.raises(NotFound) as refused:
        book(session, doctor, actor=patient, reason="my knee")
    assert refused.value.detail == "There is no such patient."
    assert session.query(Appointment).filter_by(patient_id=patient.person).all() == []
