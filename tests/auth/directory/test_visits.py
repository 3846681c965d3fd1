"""Copies of visits: which of them a doctor has still to keep."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from chassis.event import events_of
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentEvent,
    AppointmentExpired,
    AppointmentMissed,
    AppointmentRejected,
    AppointmentRequested,
    AppointmentRescheduled,
    PatientArrived,
    VisitCompleted,
    VisitCompletionUndone,
    VisitStarted,
)
from services.auth.directory import visits
from services.auth.models.visits import OpenVisit
from services.auth.service import AuthService
from tests.auth.admins import heard
from tests.auth.factories import Clock
from tests.events import example_of

LIFE: list[type[AppointmentEvent]] = [
    AppointmentRequested,
    AppointmentBooked,
    AppointmentRescheduled,
    PatientArrived,
    VisitStarted,
    VisitCompleted,
]
ENDS: list[type[AppointmentEvent]] = [
    VisitCompleted,
    AppointmentDisplaced,
    AppointmentRejected,
    AppointmentCancelled,
    AppointmentExpired,
    AppointmentMissed,
]


def hear(
    session: Session, event: type[AppointmentEvent], visit: UUID, doctor_id: UUID, revision: int, **more: str
) -> None:
    """Hear what scheduling says of a visit."""
    said = example_of(event, appointment_id=visit, doctor_id=doctor_id, revision=revision, **more)
    visits.note(session, heard(event), said)


@pytest.mark.parametrize("event", LIFE[:-1])
def test_a_visit_is_open_until_it_is_over(session: Session, event: type[AppointmentEvent]) -> None:
    visit, doctor_id = uuid7(), uuid7()
    hear(session, event, visit, doctor_id, 1)
    assert visits.open_of(session, doctor_id) == [visit]


@pytest.mark.parametrize("event", ENDS)
def test_a_visit_that_is_over_is_not_open(session: Session, event: type[AppointmentEvent]) -> None:
    visit, doctor_id = uuid7(), uuid7()
    hear(session, AppointmentBooked, visit, doctor_id, 1)
    hear(session, event, visit, doctor_id, 2)
    assert visits.open_of(session, doctor_id) == []


@pytest.mark.parametrize(("status", "is_open"), [("requested", True), ("booked", True), ("displaced", False)])
def test_a_displaced_visit_that_is_given_another_place_is_not_open(
    session: Session, status: str, *, is_open: bool
) -> None:
    visit, doctor_id = uuid7(), uuid7()
    hear(session, AppointmentRescheduled, visit, doctor_id, 3, status=status)
    assert visits.open_of(session, doctor_id) == ([visit] if is_open else [])


def test_a_displaced_visit_that_has_another_time_is_open_again(session: Session) -> None:
    visit, doctor_id = uuid7(), uuid7()
    hear(session, AppointmentDisplaced, visit, doctor_id, 2)
    hear(session, AppointmentRescheduled, visit, doctor_id, 3, status="requested")
    assert visits.open_of(session, doctor_id) == [visit]


@pytest.mark.parametrize(("status", "is_open"), [("booked", True), ("displaced", False), ("cancelled", False)])
def test_a_visit_whose_completion_is_undone_is_open_when_it_is_booked(
    session: Session, status: str, *, is_open: bool
) -> None:
    visit, doctor_id = uuid7(), uuid7()
    hear(session, VisitCompleted, visit, doctor_id, 4)
    hear(session, VisitCompletionUndone, visit, doctor_id, 5, status=status)
    assert visits.open_of(session, doctor_id) == ([visit] if is_open else [])


def test_a_visit_whose_patient_came_after_all_is_open_again_in_whatever_order_it_is_heard(session: Session) -> None:
    doctor_id, visits_heard = uuid7(), [uuid7(), uuid7()]
    told: list[tuple[type[AppointmentEvent], int]] = [(AppointmentMissed, 3), (PatientArrived, 4)]
    for visit, events in zip(visits_heard, (told, told[::-1]), strict=True):
        for event, revision in events:
            hear(session, event, visit, doctor_id, revision)
    assert visits.open_of(session, doctor_id) == visits_heard


def test_a_visit_that_another_doctor_takes_over_is_that_doctors(session: Session) -> None:
    visit, first, second = uuid7(), uuid7(), uuid7()
    hear(session, AppointmentBooked, visit, first, 1)
    hear(session, AppointmentRescheduled, visit, second, 2)
    assert (visits.open_of(session, first), visits.open_of(session, second)) == ([], [visit])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(order=st.permutations([*range(len(LIFE)), *range(len(LIFE))]), last=st.integers(0, len(LIFE) - 1))
def test_a_stale_event_never_wins_in_whatever_order_and_however_often_they_come(
    session: Session, order: list[int], last: int
) -> None:
    visit, doctor_id = uuid7(), uuid7()
    for step in (one for one in order if one <= last):
        hear(session, LIFE[step], visit, doctor_id, step + 1)
    assert visits.open_of(session, doctor_id) == ([] if LIFE[last] is VisitCompleted else [visit])


def test_a_visit_is_forgotten_thirty_days_after_it_is_over(session: Session, clock: Clock) -> None:
    over, still_open, doctor_id = uuid7(), uuid7(), uuid7()
    hear(session, VisitCompleted, over, doctor_id, 4)
    hear(session, AppointmentBooked, still_open, doctor_id, 1)
    clock.advance(days=29)
    visits.forget(session, heard(VisitCompleted))
    assert session.get(OpenVisit, over) is not None
    clock.advance(days=2)
    visits.forget(session, heard(VisitCompleted))
    session.expire_all()
    assert (session.get(OpenVisit, over), session.get(OpenVisit, still_open) is None) == (None, False)


def test_of_every_event_about_a_visit_that_is_heard_it_is_known_whether_the_visit_is_open() -> None:
    told = {event.event_name() for event in events_of("scheduling")}
    listened = {name for name in told if hasattr(AuthService, f"on_{name}")}
    assert listened == visits.IS_OPEN.keys()
