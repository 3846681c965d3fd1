"""Death of a patient: open visits are cancelled and bookings refused, until the record is corrected."""

from typing import Any
from uuid import UUID

import pytest

from chassis import clock
from chassis.errors import Conflict
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.clinical.patients import PatientVitalStatusChanged
from contracts.scheduling.appointments.events import AppointmentCancelled
from contracts.scheduling.appointments.visits import UndoCompletion
from services.scheduling import handlers
from services.scheduling.appointments import completion_undo
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.directory import Patient
from tests.events import example_of
from tests.scheduling.concurrency import in_transaction, outcomes_at_once
from tests.scheduling.departures import erase_user
from tests.scheduling.factories import add_doctor, book, complete_visit, event_actor, make_patient, make_user, published

DESK, ADMIN = make_user("receptionist"), make_user("admin")


def handle_death(session: Session, patient_id: UUID, revision: int = 2, *, by_mistake: bool = False) -> None:
    at = None if by_mistake else clock.now()
    handlers.on_patient_vital_status_changed(
        session,
        event_actor(session),
        example_of(PatientVitalStatusChanged, patient_id=patient_id, deceased_at=at, revision=revision),
    )
    session.flush()


def book_as(session: Session, part: str, doctor: Actor, patient: Actor) -> dict[str, Any]:
    actor = {"patient": patient, "desk": DESK, "admin": ADMIN, "doctor": doctor}[part]
    return book(session, doctor, actor=actor, patient_id=patient.person)


@pytest.mark.parametrize("part", ["patient", "desk", "admin", "doctor"])
def test_booking_is_refused_when_the_patient_has_died(session: Session, part: str) -> None:
    doctor, patient = add_doctor(session), make_patient()
    before = complete_visit(session, doctor, book(session, doctor, actor=patient))[-1]
    session.get_one(
        Appointment, before["id"]
    ).starts_at = clock.now()  # The doctor may book only patients of past visits.
    handle_death(session, patient.person)
    with pytest.raises(Conflict) as refused:
        book_as(session, part, doctor, patient)
    assert refused.value.code == "patient_deceased"


@pytest.mark.parametrize("part", ["patient", "desk"])
def test_booking_is_allowed_when_the_death_was_a_mistake(session: Session, part: str) -> None:
    doctor, patient = add_doctor(session), make_patient()
    handle_death(session, patient.person)
    handle_death(session, patient.person, 3, by_mistake=True)
    handle_death(session, patient.person)  # The repeated event is stale.
    assert book_as(session, part, doctor, patient)["patient_id"] == patient.person


@pytest.mark.parametrize("status", ["requested", "booked", "displaced"])
def test_visit_is_cancelled_and_its_slot_free_when_its_patient_dies(session: Session, status: str) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient)
    session.get_one(Appointment, visit["id"]).status = status
    session.flush()
    handle_death(session, patient.person)
    row = session.get_one(Appointment, visit["id"])
    assert (row.status, row.status_reason, row.revision) == ("cancelled", "The patient has died.", 2)
    [event] = published(session, AppointmentCancelled)
    assert (event["by"], event["late"], event["tell_patient"]) == ("desk", False, False)
    assert book(session, doctor)["status"] == "requested"


@pytest.mark.parametrize("status", ["arrived", "in_progress", "fulfilled", "no_show"])
def test_visit_that_has_begun_stays_when_its_patient_dies(session: Session, status: str) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient)
    session.get_one(Appointment, visit["id"]).status = status
    session.flush()
    handle_death(session, patient.person)
    assert session.get_one(Appointment, visit["id"]).status == status


def test_undone_visit_is_cancelled_when_its_patient_has_died(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = complete_visit(session, doctor, book(session, doctor, actor=patient))[-1]
    handle_death(session, patient.person)
    assert (
        completion_undo.undo_completion(session, ADMIN, UndoCompletion(appointment_id=visit["id"], reason="No.")).status
        == "cancelled"
    )


def test_erased_patient_stays_erased_when_the_death_is_handled_later(session: Session) -> None:
    patient = make_patient()
    erase_user(session, patient)
    handle_death(session, patient.person)
    session.expire_all()
    assert session.get_one(Patient, patient.person).is_erased


def test_concurrent_booking_and_death_leave_no_active_visit(fresh_database: Database) -> None:
    doctor = in_transaction(fresh_database, add_doctor)
    patients = [make_patient() for _number in range(8)]
    works = [
        work
        for patient in patients
        for work in (
            lambda session, patient=patient: book(session, doctor, actor=DESK, patient_id=patient.person),
            lambda session, patient=patient: handle_death(session, patient.person),
        )
    ]
    outcomes = set(outcomes_at_once(fresh_database, works))
    assert outcomes <= {"done", "patient_deceased", "slot_taken"}
    with fresh_database.begin() as session:
        assert {visit.status for visit in session.query(Appointment)} <= {"cancelled"}
