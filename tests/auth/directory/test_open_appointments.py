"""Copies of open appointments, from events that arrive twice, late and in any order."""

from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import OpenAppointmentChanged
from services.auth.directory import open_appointments
from services.auth.models.open_appointments import OpenAppointment
from services.auth.service import AuthService
from tests.auth.admins import hear_of_appointment, heard
from tests.auth.factories import Clock

FIRST, SECOND = uuid7(), uuid7()
LIFE: list[tuple[UUID, bool]] = [(FIRST, True), (FIRST, False), (FIRST, True), (SECOND, True), (SECOND, False)]
"""The doctor of an appointment and whether it is open, by revision: displaced, booked again, handed over, completed."""


def test_appointment_is_open_once_auth_hears_of_it(session: Session) -> None:
    doctor_id = uuid7()
    appointment = hear_of_appointment(session, doctor_id)
    assert open_appointments.open_of(session, doctor_id) == [appointment]


def test_appointment_is_not_open_once_it_is_closed(session: Session) -> None:
    doctor_id = uuid7()
    appointment = hear_of_appointment(session, doctor_id)
    hear_of_appointment(session, doctor_id, appointment, 2, is_open=False)
    assert open_appointments.open_of(session, doctor_id) == []


def test_appointment_is_not_open_when_only_its_end_is_heard(session: Session) -> None:
    doctor_id = uuid7()
    hear_of_appointment(session, doctor_id, revision=3, is_open=False)
    assert open_appointments.open_of(session, doctor_id) == []


def test_appointment_is_open_again_in_either_order_of_events(session: Session) -> None:
    doctor_id, appointments = uuid7(), [uuid7(), uuid7()]
    events = [(3, False), (4, True)]
    for appointment, order in zip(appointments, (events, events[::-1]), strict=True):
        for revision, is_open in order:
            hear_of_appointment(session, doctor_id, appointment, revision, is_open=is_open)
    assert open_appointments.open_of(session, doctor_id) == appointments


def test_appointment_belongs_to_the_doctor_who_takes_it_over(session: Session) -> None:
    first, second = uuid7(), uuid7()
    appointment = hear_of_appointment(session, first)
    hear_of_appointment(session, second, appointment, 2)
    assert (open_appointments.open_of(session, first), open_appointments.open_of(session, second)) == (
        [],
        [appointment],
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(order=st.permutations([*range(len(LIFE)), *range(len(LIFE))]), last=st.integers(0, len(LIFE) - 1))
def test_stale_event_never_wins_in_any_order_of_repeated_events(session: Session, order: list[int], last: int) -> None:
    appointment = uuid7()
    for step in (step for step in order if step <= last):
        doctor_id, is_open = LIFE[step]
        hear_of_appointment(session, doctor_id, appointment, step + 1, is_open=is_open)
    found = {doctor_id for doctor_id in (FIRST, SECOND) if appointment in open_appointments.open_of(session, doctor_id)}
    doctor_id, is_open = LIFE[last]
    assert found == ({doctor_id} if is_open else set())


def test_appointment_with_an_older_copy_takes_the_new_event(session: Session) -> None:
    appointment, doctor_id = uuid7(), uuid7()
    session.add(
        OpenAppointment(
            appointment_id=appointment, doctor_id=doctor_id, is_open=True, revision=3, changed_at=clock.now()
        )
    )
    session.flush()
    hear_of_appointment(session, doctor_id, appointment, 4, is_open=False)
    assert open_appointments.open_of(session, doctor_id) == []


def test_appointment_is_forgotten_thirty_days_after_it_is_closed(session: Session, clock: Clock) -> None:
    doctor_id = uuid7()
    over = hear_of_appointment(session, doctor_id, revision=4, is_open=False)
    still_open = hear_of_appointment(session, doctor_id)
    clock.advance(days=29)
    open_appointments.delete_closed(session, heard(session, OpenAppointmentChanged))
    assert session.get(OpenAppointment, over) is not None
    clock.advance(days=2)
    open_appointments.delete_closed(session, heard(session, OpenAppointmentChanged))
    session.expire_all()
    assert (session.get(OpenAppointment, over), session.get(OpenAppointment, still_open) is None) == (None, False)


def test_auth_hears_one_event_about_appointments() -> None:
    heard_from_scheduling = {
        member.event.event_name()
        for member in vars(AuthService).values()
        if getattr(getattr(member, "event", None), "service", None) == "scheduling"
    }
    assert heard_from_scheduling == {"open_appointment_changed"}
