"""Timers that expire, miss and displace visits. Several processes may run them at once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import eventlet
import pytest
from eventlet.event import Event as Signal
from sqlalchemy import Row, func, select

from chassis import clock
from chassis.event import Event
from chassis.execution.reactions import Timer
from chassis.execution.run import add_events
from chassis.identity import SYSTEM
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import outbox
from contracts.scheduling.appointments.events import AppointmentDisplaced, AppointmentExpired, AppointmentMissed
from contracts.scheduling.appointments.views import AppointmentStatus
from services.scheduling.appointments import timers
from tests.chassis.hosts import FakeHost
from tests.scheduling.bulk_appointments import plan_among_many
from tests.scheduling.concurrency import in_transaction, run_at_once
from tests.scheduling.departures import add_suspended_doctor
from tests.scheduling.factories import (
    BERLIN,
    SetClock,
    add_doctor,
    at,
    book,
    changes_of,
    insert_visit,
    make_patient,
    published,
    status_of,
    transition,
)
from tests.scheduling.recorded_sql import record_statements
from tests.scheduling.timer_steps import run_timers

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def test_request_expires_when_unanswered_for_48_hours(session: Session, set_clock: SetClock) -> None:
    asked_at = clock.now()
    set_clock(asked_at)
    visit = book(session, add_doctor(session), starts_at=at(9))
    set_clock(asked_at + timedelta(hours=48) - SECOND)
    run_timers(session)
    assert status_of(session, visit["id"]) == "requested"
    set_clock(asked_at + timedelta(hours=48))
    run_timers(session)
    assert status_of(session, visit["id"]) == "expired"
    assert [event["revision"] for event in published(session, AppointmentExpired)] == [2]


def test_request_expires_when_its_start_passes(session: Session, set_clock: SetClock) -> None:
    visit = book(session, add_doctor(session), starts_at=at(1))
    set_clock(visit["starts_at"] - SECOND)
    run_timers(session)
    assert status_of(session, visit["id"]) == "requested"
    set_clock(visit["starts_at"])
    run_timers(session)
    assert status_of(session, visit["id"]) == "expired"


def test_booked_visit_is_missed_when_its_day_at_the_hospital_ends(session: Session, set_clock: SetClock) -> None:
    doctor = add_doctor(session)
    visit = transition(session, doctor, book(session, doctor, starts_at=at(1, hour=16)), "accept")
    midnight = at(2, hour=0, zone=BERLIN)
    set_clock(midnight - SECOND)
    run_timers(session)
    assert status_of(session, visit["id"]) == "booked"
    set_clock(midnight)
    run_timers(session)
    assert status_of(session, visit["id"]) == "no_show"
    assert [event["revision"] for event in published(session, AppointmentMissed)] == [3]


def test_visit_that_ends_at_midnight_is_missed_two_hours_later(session: Session, set_clock: SetClock) -> None:
    midnight = at(2, hour=0, zone=BERLIN)
    visit = insert_visit(
        session, "booked", add_doctor(session), starts_at=midnight - timedelta(hours=1), ends_at=midnight
    )
    for hours, status in ((2, "booked"), (0, "no_show")):
        set_clock(midnight + timedelta(hours=2 - hours))
        run_timers(session)
        assert visit.status == status


def test_visit_is_not_missed_until_two_hours_after_its_end(session: Session, set_clock: SetClock) -> None:
    midnight = at(2, hour=0, zone=BERLIN)
    visit = insert_visit(session, "booked", add_doctor(session), starts_at=midnight - HOUR, ends_at=midnight - HOUR / 4)
    set_clock(visit.ends_at + 2 * HOUR - SECOND)
    run_timers(session)
    assert visit.status == "booked"
    set_clock(visit.ends_at + 2 * HOUR)
    run_timers(session)
    assert visit.status == "no_show"


def test_visit_across_midnight_belongs_to_the_day_of_its_end(session: Session, set_clock: SetClock) -> None:
    midnight = at(2, hour=0, zone=BERLIN)
    visit = insert_visit(
        session, "booked", add_doctor(session), starts_at=midnight - timedelta(hours=1), ends_at=midnight + SECOND
    )
    for moment, status in ((midnight + 12 * HOUR, "booked"), (at(3, hour=0), "no_show")):
        set_clock(moment)
        run_timers(session)
        assert visit.status == status


def test_displaced_visit_expires_when_not_rebooked_for_14_days(session: Session, set_clock: SetClock) -> None:
    now = clock.now()
    visit = insert_visit(session, "displaced", add_doctor(session), displaced_at=now - timedelta(days=14) + SECOND)
    set_clock(now)
    run_timers(session)
    assert visit.status == "displaced"
    set_clock(now + SECOND)
    run_timers(session)
    assert visit.status == "expired"


def test_timers_change_only_requested_booked_and_displaced_visits(session: Session) -> None:
    doctor = add_doctor(session)
    visits = {status: insert_visit(session, status, doctor) for status in AppointmentStatus}
    run_timers(session)
    changed = {status: visit.status for status, visit in visits.items() if visit.status != status}
    assert changed == {"requested": "expired", "booked": "no_show", "displaced": "expired"}


def test_history_names_no_author_when_a_timer_changes_a_visit(session: Session, set_clock: SetClock) -> None:
    patient = make_patient()
    visit = book(session, add_doctor(session), actor=patient)
    set_clock(visit["starts_at"])
    run_timers(session)
    assert changes_of(session, visit) == [(1, "requested", patient.person), (2, "expired", None)]


def test_timers_publish_each_expiry_once(session: Session) -> None:
    insert_visit(session, "requested", add_doctor(session))
    run_timers(session)
    run_timers(session)
    assert len(published(session, AppointmentExpired)) == 1


def test_timer_processes_one_batch_at_a_time(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "BATCH", 3)
    doctor = add_doctor(session)
    for _number in range(5):
        insert_visit(session, "booked", doctor)
    for done in (3, 5):
        timers.miss_visits(session, SYSTEM)
        session.flush()
        assert len(published(session, AppointmentMissed)) == done


@pytest.mark.parametrize(
    ("timer", "status", "column"),
    [
        (timers.expire_requests, "requested", "requested_at"),
        (timers.expire_displaced, "displaced", "displaced_at"),
        (timers.miss_visits, "booked", "ends_at"),
    ],
)
def test_timer_finds_visits_by_the_partial_index_of_their_status(
    session: Session, timer: Callable[..., None], status: str, column: str
) -> None:
    with record_statements(session) as found:
        timer(session, SYSTEM)
    statement, values = found[-1]
    assert f"status = '{status}'" in statement  # A partial index needs the status as a constant in the statement.
    if session.is_postgresql:
        plan = plan_among_many(session, statement, values)
        assert f"ix_appointment_{status}_{column}" in plan


def event_counts(database: Database, kind: type[Event]) -> list[tuple[UUID, int]]:
    """The id of each visit with a published event of this kind, and the number of these events."""
    with database.read() as session:
        query = select(outbox.c.subject, func.count()).where(outbox.c.name == kind.event_name())
        found: list[Row[Any]] = list(session.execute(query.group_by(outbox.c.subject)))
    return [(UUID(subject), count) for subject, count in found]


def insert_visits(database: Database, status: str, count: int) -> set[UUID]:
    """Insert and commit visits with this status; `stranded` means booked with a suspended doctor."""
    make, state = (add_suspended_doctor, "booked") if status == "stranded" else (add_doctor, status)
    doctor, when = in_transaction(database, make), {"ends_at": at(1)} if status == "stranded" else {}
    return {
        visit.id
        for visit in in_transaction(database, lambda s: [insert_visit(s, state, doctor, **when) for _ in range(count)])
    }


@pytest.mark.parametrize(
    ("timer", "status", "kind"),
    [
        (timers.expire_requests, "requested", AppointmentExpired),
        (timers.expire_displaced, "displaced", AppointmentExpired),
        (timers.miss_visits, "booked", AppointmentMissed),
        (timers.displace_visits, "stranded", AppointmentDisplaced),
    ],
)
def test_concurrent_timers_publish_each_visit_once(
    fresh_database: Database,
    monkeypatch: pytest.MonkeyPatch,
    timer: Callable[..., None],
    status: str,
    kind: type[Event],
) -> None:
    monkeypatch.setattr(timers, "BATCH", 4)
    due = insert_visits(fresh_database, status, 10)

    def work(session: Session) -> None:
        timer(session, SYSTEM)
        eventlet.sleep(0.02)
        add_events(session)

    for _time in range(3):
        run_at_once(*[lambda: in_transaction(fresh_database, work)] * 3)
    assert sorted(event_counts(fresh_database, kind)) == sorted((visit, 1) for visit in due)


def test_concurrent_services_publish_each_visit_once(fresh_database: Database) -> None:
    due = insert_visits(fresh_database, "booked", 5)
    work = lambda: Timer("miss", timers.miss_visits).run(FakeHost(fresh_database))  # noqa: E731
    run_at_once(*[work] * 3)
    assert sorted(event_counts(fresh_database, AppointmentMissed)) == sorted((visit, 1) for visit in due)


def test_timer_skips_a_request_while_its_doctor_accepts_it(fresh_database: Database, set_clock: SetClock) -> None:
    doctor, order = in_transaction(fresh_database, add_doctor), list[str]()
    visit = in_transaction(fresh_database, lambda session: book(session, doctor, starts_at=at(1)))
    moved, looked = Signal(), Signal()

    def accept(session: Session) -> None:
        set_clock(visit["starts_at"] - SECOND)
        transition(session, doctor, visit, "accept")
        set_clock(visit["starts_at"])
        moved.send()
        if session.is_postgresql:
            looked.wait()
        order.append("accepted")

    def expire(session: Session) -> None:
        moved.wait()
        timers.expire_requests(session, SYSTEM)
        order.append("looked")
        looked.send()
        add_events(session)

    run_at_once(lambda: in_transaction(fresh_database, accept), lambda: in_transaction(fresh_database, expire))
    with fresh_database.read() as session:
        assert status_of(session, visit["id"]) == "booked"
    assert event_counts(fresh_database, AppointmentExpired) == []
    assert order == (
        ["accepted", "looked"] if fresh_database.is_sqlite else ["looked", "accepted"]
    )  # SQLite has one writer.
