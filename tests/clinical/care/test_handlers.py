"""Care relations after the events of appointments, in any order."""

import inspect
from datetime import timedelta
from typing import Any

import pytest

from chassis.event import Event
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentMissed,
    AppointmentRescheduled,
    PatientArrived,
    VisitCompletionUndone,
    VisitStarted,
)
from services.clinical.care import handlers as care
from services.clinical.care.access import treats
from services.clinical.care.rules import AFTER_VISIT
from services.clinical.service import ClinicalService
from tests.clinical.factories import doctor, heard, hours, in_care, patient, relation, visit
from tests.events import example_of

DAY = 24


def test_doctor_treats_the_patient_after_the_start_of_the_visit(session: Session) -> None:
    physician, person = in_care(session)
    assert treats(session, physician.person, person.person)


def test_doctor_does_not_treat_the_patient_before_the_visit(session: Session) -> None:
    physician, person = in_care(session, starts=1)
    assert not treats(session, physician.person, person.person)


def test_doctor_still_treats_the_patient_within_thirty_days(session: Session) -> None:
    physician, person = in_care(session, starts=-29.9 * DAY)
    assert treats(session, physician.person, person.person)


def test_care_is_over_thirty_days_after_the_visit(session: Session) -> None:
    physician, person = in_care(session, starts=-30.1 * DAY)
    assert not treats(session, physician.person, person.person)


def test_another_doctor_does_not_treat_the_patient(session: Session) -> None:
    _who, person = in_care(session)
    assert not treats(session, doctor().person, person.person)


def test_doctor_does_not_treat_another_patient(session: Session) -> None:
    physician, _whom = in_care(session)
    assert not treats(session, physician.person, patient().person)


def test_early_visit_opens_the_chart_immediately(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person, starts=2)
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    care.on_visit_started(
        session, heard(session, occurred_at=hours(-0.1)), example_of(VisitStarted, **{**visited, "revision": 3})
    )
    assert treats(session, physician.person, person.person)


def test_very_early_visit_opens_the_chart_for_thirty_days(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person, starts=178 * DAY)
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    care.on_visit_started(
        session, heard(session, occurred_at=hours(-30.1 * DAY)), example_of(VisitStarted, **{**visited, "revision": 3})
    )
    assert not treats(session, physician.person, person.person)
    care.on_visit_started(
        session, heard(session, occurred_at=hours(-29.9 * DAY)), example_of(VisitStarted, **{**visited, "revision": 4})
    )
    assert treats(session, physician.person, person.person)


def test_visit_opens_the_chart_without_the_booking_event(session: Session) -> None:
    physician, person = doctor(), patient()
    care.on_visit_started(
        session, heard(session, occurred_at=hours(-0.1)), example_of(VisitStarted, **visit(physician, person, starts=2))
    )
    assert treats(session, physician.person, person.person)


def test_late_booking_event_does_not_close_the_chart(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person, starts=2)
    care.on_visit_started(
        session, heard(session, occurred_at=hours(-0.1)), example_of(VisitStarted, **{**visited, "revision": 3})
    )
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    assert treats(session, physician.person, person.person)


def test_newer_booking_moves_the_relation(session: Session) -> None:
    visited = visit(doctor(), patient())
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    later = {"starts_at": hours(48), "ends_at": hours(49), "revision": 4}
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **{**visited, **later}))
    assert relation(session, visited).from_ == later["starts_at"]


def test_repeated_event_is_one_relation(session: Session) -> None:
    visited = visit(doctor(), patient())
    for _time in range(2):
        care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    assert relation(session, visited).until == visited["ends_at"] + AFTER_VISIT


def test_relation_that_is_over_does_not_end_another(session: Session) -> None:
    physician, person = in_care(session)
    care.on_appointment_booked(
        session,
        heard(session),
        example_of(AppointmentBooked, **visit(physician, person, starts=-AFTER_VISIT / timedelta(hours=1) - DAY)),
    )
    assert treats(session, physician.person, person.person)


def test_care_moves_with_a_booked_visit_to_another_doctor(session: Session) -> None:
    physician, other, person = doctor(), doctor(), patient()
    visited = visit(physician, person)
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    care.on_appointment_rescheduled(
        session,
        heard(session),
        example_of(AppointmentRescheduled, **{**visited, "doctor_id": other.person, "revision": 3}, status="booked"),
    )
    assert treats(session, other.person, person.person)
    assert not treats(session, physician.person, person.person)


def test_requested_visit_opens_no_chart_to_another_doctor(session: Session) -> None:
    other, person = doctor(), patient()
    care.on_appointment_rescheduled(
        session,
        heard(session),
        example_of(
            AppointmentRescheduled, **{**visit(doctor(), person), "doctor_id": other.person}, status="requested"
        ),
    )
    assert not treats(session, other.person, person.person)


def cancel(session: Session, visited: dict[str, Any], revision: int) -> None:
    """Handle the cancellation of a visit."""
    ids = {name: visited[name] for name in ("appointment_id", "doctor_id", "patient_id")}
    care.on_appointment_cancelled(session, heard(session), example_of(AppointmentCancelled, **ids, revision=revision))


def test_cancelled_visit_opens_no_chart(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    assert treats(session, physician.person, person.person)
    cancel(session, visited, visited["revision"] + 1)
    assert not treats(session, physician.person, person.person)


def test_booking_event_after_the_cancellation_opens_no_chart(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    for _time in range(2):
        cancel(session, visited, visited["revision"] + 1)
        care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    assert not treats(session, physician.person, person.person)


def test_started_visit_is_not_closed_by_an_older_event(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    care.on_visit_started(session, heard(session), example_of(VisitStarted, **{**visited, "revision": 5}))
    cancel(session, visited, 3)
    assert treats(session, physician.person, person.person)


def test_late_patient_is_treated_again(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    cancel(session, visited, 3)
    care.on_patient_arrived(
        session, heard(session, "patient_arrived"), example_of(PatientArrived, **{**visited, "revision": 4})
    )
    assert treats(session, physician.person, person.person)


def test_older_missed_event_does_not_end_care(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    care.on_patient_arrived(
        session, heard(session, "patient_arrived"), example_of(PatientArrived, **{**visited, "revision": 4})
    )
    cancel(session, visited, 3)
    assert treats(session, physician.person, person.person)


@pytest.mark.parametrize("event", [AppointmentMissed, AppointmentDisplaced])
def test_care_ends_when_the_visit_is_missed_or_displaced(session: Session, event: type[Event]) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    handler = {AppointmentMissed: care.on_appointment_missed, AppointmentDisplaced: care.on_appointment_displaced}[
        event
    ]
    handler(session, heard(session), example_of(event, **{**visited, "revision": 3}))
    assert not treats(session, physician.person, person.person)


@pytest.mark.parametrize(("status", "holds"), [("booked", True), ("displaced", False), ("cancelled", False)])
def test_care_after_an_undone_completion_depends_on_the_status(
    session: Session,
    status: str,
    holds: bool,  # noqa: FBT001  a case of the table
) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    care.on_visit_started(session, heard(session), example_of(VisitStarted, **visited))
    undone = example_of(VisitCompletionUndone, **{**visited, "revision": 5}, status=status)
    care.on_visit_completion_undone(session, heard(session), undone)
    assert treats(session, physician.person, person.person) is holds


@pytest.mark.parametrize(
    "event",
    [
        AppointmentBooked,
        AppointmentRescheduled,
        AppointmentCancelled,
        AppointmentDisplaced,
        AppointmentMissed,
        PatientArrived,
        VisitCompletionUndone,
        VisitStarted,
    ],
)
def test_every_appointment_event_has_its_handler(event: type[Event]) -> None:
    method = getattr(ClinicalService, f"on_{event.event_name()}")
    work = inspect.getclosurevars(method).nonlocals["work"]
    assert work is getattr(care, f"on_{event.event_name()}")


def test_cancelled_visit_does_not_end_the_care_of_another(session: Session) -> None:
    physician, person = in_care(session)
    cancel(session, visit(physician, person), 2)
    assert treats(session, physician.person, person.person)


@pytest.mark.parametrize("status", ["requested", "displaced"])
def test_care_ends_when_a_booked_visit_needs_a_new_confirmation(session: Session, status: str) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visited))
    care.on_appointment_rescheduled(
        session, heard(session), example_of(AppointmentRescheduled, **{**visited, "revision": 3}, status=status)
    )
    assert not treats(session, physician.person, person.person)


def test_care_starts_again_when_a_displaced_visit_is_booked(session: Session) -> None:
    physician, person = doctor(), patient()
    visited = visit(physician, person)
    cancel(session, visited, 2)
    care.on_appointment_rescheduled(
        session, heard(session), example_of(AppointmentRescheduled, **{**visited, "revision": 3}, status="booked")
    )
    assert treats(session, physician.person, person.person)


def test_first_doctor_does_not_treat_when_the_booking_event_is_late(session: Session) -> None:
    physician, other, person = doctor(), doctor(), patient()
    visited = visit(physician, person)
    care.on_appointment_rescheduled(
        session,
        heard(session),
        example_of(AppointmentRescheduled, **{**visited, "doctor_id": other.person, "revision": 3}, status="booked"),
    )
    care.on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **{**visited, "revision": 2}))
    assert treats(session, other.person, person.person)
