"""Visits whose doctor cannot be visited, as long as nobody has given them to another one."""

from datetime import timedelta

import pytest

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import DoctorApproved
from contracts.scheduling.appointments.events import AppointmentDisplaced
from services.scheduling.appointments import timers
from services.scheduling.directory import doctors
from services.scheduling.models.appointments import Appointment
from tests.events import example_of
from tests.scheduling.appointments.test_timers import HOUR, SYSTEM, Set, asked, gone, put, tick
from tests.scheduling.crowd import plan_among_many
from tests.scheduling.factories import doctor, heard, said


def ahead(session: Session, status: str, who: Actor, hours: float) -> Appointment:
    """A visit that begins in so many hours."""
    starts_at = clock.now() + hours * HOUR
    return put(session, status, who, starts_at=starts_at, ends_at=starts_at + HOUR / 2, requested_at=clock.now())


@pytest.mark.parametrize("status", ["requested", "booked"])
def test_a_visit_of_the_next_day_whose_doctor_cannot_be_visited_is_displaced(
    session: Session, set_clock: Set, status: str
) -> None:
    set_clock(clock.now())
    who, there = gone(session), doctor(session)
    near, far, kept = (
        ahead(session, status, who, 23.9),
        ahead(session, status, who, 24.1),
        ahead(session, status, there, 2),
    )
    tick(session)
    assert [visit.status for visit in (near, far, kept)] == ["displaced", status, status]
    assert [told["appointment_id"] for told in said(session, AppointmentDisplaced)] == [near.id]
    assert (near.first_call, near.revision) == (True, 2)


@pytest.mark.parametrize("status", ["arrived", "in_progress"])
def test_a_patient_who_is_there_is_not_displaced_by_a_timer(session: Session, status: str) -> None:
    visit = ahead(session, status, gone(session), 1)
    tick(session)
    assert visit.status == status


def test_a_doctor_who_is_back_in_time_keeps_the_visits(session: Session, set_clock: Set) -> None:
    who, now = gone(session), clock.now()
    set_clock(now)
    visit = ahead(session, "booked", who, 30)
    tick(session)
    doctors.remember(
        session,
        heard(session, 3),
        example_of(DoctorApproved, doctor_id=who.person, name="Dr Lena Weiss", specialization="cardiology"),
    )
    set_clock(now + 10 * HOUR)
    tick(session)
    assert visit.status == "booked"


def test_a_patient_whose_doctor_was_not_there_has_missed_nothing(session: Session, set_clock: Set) -> None:
    who, now = doctor(session), clock.now()
    missed, stranded = ahead(session, "booked", who, -3), ahead(session, "booked", who, 1)
    doctors.suspend(session, heard(session, 2), user_id=who.person)
    set_clock(now + 3 * timedelta(days=1))
    tick(session)
    assert [visit.status for visit in (missed, stranded)] == ["no_show", "displaced"]


def test_a_request_of_the_past_expires_whoever_was_asked(session: Session) -> None:
    visit = ahead(session, "requested", gone(session), -0.25)
    timers.displace_visits(session, SYSTEM)
    assert visit.status == "requested"


def test_visits_without_a_doctor_are_found_by_an_index(session: Session) -> None:
    with asked(session) as found:
        timers.displace_visits(session, SYSTEM)
    looked = [(statement, values) for statement, values in found if "SELECT" in statement]
    assert len(looked) == 2
    if session.is_postgresql:
        for statement, values in looked:
            plan = plan_among_many(session, statement, values)
            assert "Seq Scan on appointment" not in plan, plan
