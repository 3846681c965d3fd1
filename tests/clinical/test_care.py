"""Who treats whom, and when."""

import inspect
from datetime import timedelta
from typing import Any

import pytest

from chassis.errors import NotFound
from chassis.event import Event
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentMissed,
    AppointmentRescheduled,
    PatientArrived,
    VisitStarted,
)
from services.clinical import care
from services.clinical.rules import AFTER_VISIT
from services.clinical.service import ClinicalService
from tests.clinical.factories import doctor, heard, hours, in_care, patient, relation, visit
from tests.events import example_of

DAY = 24


def test_a_doctor_treats_the_patient_once_the_visit_has_begun(session: Session) -> None:
    who, whom = in_care(session)
    care.must_treat(session, who, whom.person)


def test_a_doctor_does_not_treat_the_patient_before_the_visit(session: Session) -> None:
    who, whom = in_care(session, starts=1)
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_a_doctor_still_treats_the_patient_in_the_thirty_days_after(session: Session) -> None:
    who, whom = in_care(session, starts=-29.9 * DAY)
    care.must_treat(session, who, whom.person)


def test_care_is_over_thirty_days_after_the_visit(session: Session) -> None:
    who, whom = in_care(session, starts=-30.1 * DAY)
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_another_doctor_does_not_treat_the_patient(session: Session) -> None:
    _who, whom = in_care(session)
    with pytest.raises(NotFound):
        care.must_treat(session, doctor(), whom.person)


def test_a_doctor_does_not_treat_another_patient(session: Session) -> None:
    who, _whom = in_care(session)
    with pytest.raises(NotFound):
        care.must_treat(session, who, patient().person)


def test_a_visit_that_starts_early_opens_the_chart_at_once(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom, starts=2)
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    care.met(session, heard(session, occurred_at=hours(-0.1)), example_of(VisitStarted, **{**visited, "revision": 3}))
    care.must_treat(session, who, whom.person)


def test_a_visit_begun_months_early_closes_the_chart_thirty_days_after_that(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom, starts=178 * DAY)
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    care.met(
        session, heard(session, occurred_at=hours(-30.1 * DAY)), example_of(VisitStarted, **{**visited, "revision": 3})
    )
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)
    care.met(
        session, heard(session, occurred_at=hours(-29.9 * DAY)), example_of(VisitStarted, **{**visited, "revision": 4})
    )
    care.must_treat(session, who, whom.person)


def test_a_visit_opens_the_chart_when_its_agreement_was_never_heard_of(session: Session) -> None:
    who, whom = doctor(), patient()
    care.met(session, heard(session, occurred_at=hours(-0.1)), example_of(VisitStarted, **visit(who, whom, starts=2)))
    care.must_treat(session, who, whom.person)


def test_an_agreement_that_arrives_late_does_not_close_the_chart(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom, starts=2)
    care.met(session, heard(session, occurred_at=hours(-0.1)), example_of(VisitStarted, **{**visited, "revision": 3}))
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    care.must_treat(session, who, whom.person)


def test_a_newer_agreement_moves_the_relation(session: Session) -> None:
    visited = visit(doctor(), patient())
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    later = {"starts_at": hours(48), "ends_at": hours(49), "revision": 4}
    care.agreed(session, heard(session), example_of(AppointmentBooked, **{**visited, **later}))
    assert relation(session, visited).from_ == later["starts_at"]


def test_the_same_event_twice_is_one_relation(session: Session) -> None:
    visited = visit(doctor(), patient())
    for _time in range(2):
        care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    assert relation(session, visited).until == visited["ends_at"] + AFTER_VISIT


def test_one_relation_that_is_over_does_not_end_another(session: Session) -> None:
    who, whom = in_care(session)
    care.agreed(
        session,
        heard(session),
        example_of(AppointmentBooked, **visit(who, whom, starts=-AFTER_VISIT / timedelta(hours=1) - DAY)),
    )
    care.must_treat(session, who, whom.person)


def test_care_goes_with_an_agreed_visit_to_another_doctor(session: Session) -> None:
    who, other, whom = doctor(), doctor(), patient()
    visited = visit(who, whom)
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    care.moved(
        session,
        heard(session),
        example_of(AppointmentRescheduled, **{**visited, "doctor_id": other.person, "revision": 3}, status="booked"),
    )
    care.must_treat(session, other, whom.person)
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_a_visit_that_is_not_agreed_opens_no_chart_to_another_doctor(session: Session) -> None:
    other, whom = doctor(), patient()
    care.moved(
        session,
        heard(session),
        example_of(AppointmentRescheduled, **{**visit(doctor(), whom), "doctor_id": other.person}, status="requested"),
    )
    with pytest.raises(NotFound):
        care.must_treat(session, other, whom.person)


def call_off(session: Session, visited: dict[str, Any], revision: int) -> None:
    """Hear that a visit is cancelled, or displaced."""
    told = {name: visited[name] for name in ("appointment_id", "doctor_id", "patient_id")}
    care.called_off(session, heard(session), example_of(AppointmentCancelled, **told, revision=revision))


def test_a_visit_that_is_called_off_opens_no_chart(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom)
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    care.must_treat(session, who, whom.person)
    call_off(session, visited, visited["revision"] + 1)
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_an_agreement_that_comes_after_the_end_of_a_visit_opens_no_chart(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom)
    for _time in range(2):
        call_off(session, visited, visited["revision"] + 1)
        care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_a_visit_at_which_they_have_met_is_not_closed_by_an_older_event(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom)
    care.met(session, heard(session), example_of(VisitStarted, **{**visited, "revision": 5}))
    call_off(session, visited, 3)
    care.must_treat(session, who, whom.person)


def test_who_comes_after_all_is_treated_again(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom)
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    call_off(session, visited, 3)
    care.agreed(session, heard(session, "patient_arrived"), example_of(AppointmentBooked, **{**visited, "revision": 4}))
    care.must_treat(session, who, whom.person)


def test_an_older_word_that_the_patient_is_missing_does_not_end_the_care(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom)
    care.agreed(session, heard(session, "patient_arrived"), example_of(AppointmentBooked, **{**visited, "revision": 4}))
    call_off(session, visited, 3)
    care.must_treat(session, who, whom.person)


@pytest.mark.parametrize(
    ("event", "work"),
    [
        (AppointmentMissed, care.called_off),
        (AppointmentCancelled, care.called_off),
        (PatientArrived, care.agreed),
    ],
)
def test_what_becomes_of_a_visit_is_heard(event: type[Event], work: object) -> None:
    handler = getattr(ClinicalService, f"on_{event.event_name()}")
    assert inspect.getclosurevars(handler).nonlocals["work"] is work


def test_one_visit_that_is_called_off_does_not_end_the_care_of_another(session: Session) -> None:
    who, whom = in_care(session)
    call_off(session, visit(who, whom), 2)
    care.must_treat(session, who, whom.person)


@pytest.mark.parametrize("status", ["requested", "displaced"])
def test_care_ends_when_an_agreed_visit_is_only_asked_for_again(session: Session, status: str) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom)
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visited))
    care.moved(session, heard(session), example_of(AppointmentRescheduled, **{**visited, "revision": 3}, status=status))
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_care_begins_again_when_a_displaced_visit_is_agreed_again(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom)
    call_off(session, visited, 2)
    care.moved(
        session, heard(session), example_of(AppointmentRescheduled, **{**visited, "revision": 3}, status="booked")
    )
    care.must_treat(session, who, whom.person)


def test_the_first_doctor_does_not_treat_when_the_agreement_comes_after_the_change(session: Session) -> None:
    who, other, whom = doctor(), doctor(), patient()
    visited = visit(who, whom)
    care.moved(
        session,
        heard(session),
        example_of(AppointmentRescheduled, **{**visited, "doctor_id": other.person, "revision": 3}, status="booked"),
    )
    care.agreed(session, heard(session), example_of(AppointmentBooked, **{**visited, "revision": 2}))
    care.must_treat(session, other, whom.person)
