"""A patient who has died has no more visits, whoever books; one of whom that was a mistake has."""

from typing import Any
from uuid import UUID

import pytest

from chassis import clock
from chassis.errors import Conflict, MatronError
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.auth.events import UserErased
from contracts.clinical.patients import PatientVitalStatusChanged
from contracts.scheduling.appointments.events import AppointmentCancelled
from contracts.scheduling.appointments.visits import UndoCompletion
from services.scheduling import handlers
from services.scheduling.appointments import completion_undo
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.directory import Patient
from tests.events import example_of
from tests.scheduling.factories import book, doctor, heard, hold, in_transaction, patient, said, together

DESK, ADMIN = patient(None, "receptionist"), patient(None, "admin")


def die(session: Session, patient_id: UUID, revision: int = 2, *, by_mistake: bool = False) -> None:
    at = None if by_mistake else clock.now()
    handlers.on_patient_vital_status_changed(
        session,
        heard(session),
        example_of(PatientVitalStatusChanged, patient_id=patient_id, deceased_at=at, revision=revision),
    )
    session.flush()


def booked_by(session: Session, part: str, who: Actor, asking: Actor) -> dict[str, Any]:
    actor = {"patient": asking, "desk": DESK, "admin": ADMIN, "doctor": who}[part]
    return book(session, who, actor=actor, patient_id=asking.person)


@pytest.mark.parametrize("part", ["patient", "desk", "admin", "doctor"])
def test_nobody_books_for_a_patient_who_has_died(session: Session, part: str) -> None:
    who, asking = doctor(session), patient()
    before = hold(session, who, book(session, who, actor=asking))[-1]
    session.get_one(Appointment, before["id"]).starts_at = clock.now()  # So that the doctor knows the patient.
    die(session, asking.person)
    with pytest.raises(Conflict) as refused:
        booked_by(session, part, who, asking)
    assert refused.value.code == "patient_deceased"


@pytest.mark.parametrize("part", ["patient", "desk"])
def test_patient_is_booked_again_when_the_death_was_a_mistake(session: Session, part: str) -> None:
    who, asking = doctor(session), patient()
    die(session, asking.person)
    die(session, asking.person, 3, by_mistake=True)
    die(session, asking.person)  # Comes again, and is stale.
    assert booked_by(session, part, who, asking)["patient_id"] == asking.person


@pytest.mark.parametrize("status", ["requested", "booked", "displaced"])
def test_visit_of_a_patient_who_has_died_is_cancelled_and_its_time_free(session: Session, status: str) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking)
    session.get_one(Appointment, visit["id"]).status = status
    session.flush()
    die(session, asking.person)
    row = session.get_one(Appointment, visit["id"])
    assert (row.status, row.status_reason, row.revision) == ("cancelled", "The patient has died.", 2)
    [told] = said(session, AppointmentCancelled)
    assert (told["by"], told["late"], told["tell_patient"]) == ("desk", False, False)
    assert book(session, who)["status"] == "requested"


@pytest.mark.parametrize("status", ["arrived", "in_progress", "fulfilled", "no_show"])
def test_visit_that_has_begun_stays_when_its_patient_has_died(session: Session, status: str) -> None:
    who, asking = doctor(session), patient()
    visit = book(session, who, actor=asking)
    session.get_one(Appointment, visit["id"]).status = status
    session.flush()
    die(session, asking.person)
    assert session.get_one(Appointment, visit["id"]).status == status


def test_completion_is_undone_to_a_cancelled_visit_when_the_patient_has_died(session: Session) -> None:
    who, asking = doctor(session), patient()
    visit = hold(session, who, book(session, who, actor=asking))[-1]
    die(session, asking.person)
    assert (
        completion_undo.undo_completion(session, ADMIN, UndoCompletion(appointment_id=visit["id"], reason="No.")).status
        == "cancelled"
    )


def test_patient_who_is_erased_stays_so_when_the_death_is_heard_later(session: Session) -> None:
    asking = patient()
    handlers.on_user_erased(session, heard(session, 9), example_of(UserErased, user_id=asking.person, reassign_to=None))
    die(session, asking.person)
    session.expire_all()
    assert session.get_one(Patient, asking.person).is_erased


def test_booking_and_death_at_once_leave_no_visit(fresh: Database) -> None:
    who = in_transaction(fresh, doctor)
    ill = [patient() for _number in range(8)]

    def try_to_book(asking: Actor) -> str:
        try:
            in_transaction(fresh, lambda session: book(session, who, actor=DESK, patient_id=asking.person))
        except MatronError as refusal:
            return refusal.code
        return "booked"

    works = [
        work
        for one in ill
        for work in (
            lambda one=one: try_to_book(one),
            lambda one=one: in_transaction(fresh, lambda session: die(session, one.person)),
        )
    ]
    outcomes = set(together(*works))
    assert outcomes <= {None, "booked", "patient_deceased", "slot_taken"}
    with fresh.begin() as session:
        assert {visit.status for visit in session.query(Appointment)} <= {"cancelled"}
