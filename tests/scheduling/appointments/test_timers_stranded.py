"""The timer for visits whose doctor is suspended and that have no other doctor yet."""

from datetime import timedelta

import pytest

from chassis import clock
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentDisplaced
from services.scheduling.appointments import timers
from services.scheduling.models.appointments import Appointment
from tests.scheduling.bulk_appointments import plan_among_many
from tests.scheduling.departures import add_suspended_doctor, suspend_doctor
from tests.scheduling.factories import SetClock, add_doctor, approve_doctor, insert_visit, published
from tests.scheduling.recorded_sql import record_statements
from tests.scheduling.timer_steps import run_timers

HOUR = timedelta(hours=1)


def insert_visit_ahead(session: Session, status: str, doctor: Actor, hours: float) -> Appointment:
    """Insert a visit that begins in `hours` hours."""
    starts_at = clock.now() + hours * HOUR
    return insert_visit(
        session, status, doctor, starts_at=starts_at, ends_at=starts_at + HOUR / 2, requested_at=clock.now()
    )


@pytest.mark.parametrize("status", ["requested", "booked"])
def test_visit_within_24_hours_is_displaced_when_its_doctor_is_suspended(
    session: Session, set_clock: SetClock, status: str
) -> None:
    set_clock(clock.now())
    doctor, there = add_suspended_doctor(session), add_doctor(session)
    near, far, kept = (
        insert_visit_ahead(session, status, doctor, 23.9),
        insert_visit_ahead(session, status, doctor, 24.1),
        insert_visit_ahead(session, status, there, 2),
    )
    run_timers(session)
    assert [visit.status for visit in (near, far, kept)] == ["displaced", status, status]
    assert [event["appointment_id"] for event in published(session, AppointmentDisplaced)] == [near.id]
    assert (near.first_call, near.revision) == (True, 2)


@pytest.mark.parametrize("status", ["arrived", "in_progress"])
def test_visit_is_not_displaced_when_its_patient_has_arrived(session: Session, status: str) -> None:
    visit = insert_visit_ahead(session, status, add_suspended_doctor(session), 1)
    run_timers(session)
    assert visit.status == status


def test_visit_stays_booked_when_its_doctor_is_approved_again_in_time(session: Session, set_clock: SetClock) -> None:
    doctor, now = add_suspended_doctor(session), clock.now()
    set_clock(now)
    visit = insert_visit_ahead(session, "booked", doctor, 30)
    run_timers(session)
    approve_doctor(session, doctor, 3)
    set_clock(now + 10 * HOUR)
    run_timers(session)
    assert visit.status == "booked"


def test_visit_is_displaced_instead_of_missed_when_its_doctor_was_suspended(
    session: Session, set_clock: SetClock
) -> None:
    doctor, now = add_doctor(session), clock.now()
    missed, stranded = (
        insert_visit_ahead(session, "booked", doctor, -3),
        insert_visit_ahead(session, "booked", doctor, 1),
    )
    suspend_doctor(session, doctor)
    set_clock(now + 3 * timedelta(days=1))
    run_timers(session)
    assert [visit.status for visit in (missed, stranded)] == ["no_show", "displaced"]


def test_past_request_is_not_displaced_when_its_doctor_is_suspended(session: Session) -> None:
    visit = insert_visit_ahead(session, "requested", add_suspended_doctor(session), -0.25)
    timers.displace_visits(session, SYSTEM)
    assert visit.status == "requested"


def test_timer_finds_visits_of_suspended_doctors_by_an_index(session: Session) -> None:
    with record_statements(session) as found:
        timers.displace_visits(session, SYSTEM)
    selects = [(statement, values) for statement, values in found if "SELECT" in statement]
    assert len(selects) == 2
    if session.is_postgresql:
        for statement, values in selects:
            plan = plan_among_many(session, statement, values)
            assert "Seq Scan on appointment" not in plan, plan
