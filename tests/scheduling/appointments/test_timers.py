"""What time does to visits, once, however many processes look at the clock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import eventlet
import pytest
from eventlet.event import Event as Signal
from sqlalchemy import Row, event, func, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.event import Event
from chassis.execution.reactions import Timer
from chassis.execution.run import add_events
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Database, Session
from chassis.persistence.tables import outbox
from contracts.scheduling.appointments.events import AppointmentDisplaced, AppointmentExpired, AppointmentMissed
from contracts.scheduling.appointments.views import AppointmentStatus
from services.scheduling.appointments import timers
from services.scheduling.directory import doctors
from services.scheduling.models.appointments import Appointment
from tests.chassis.hosts import FakeHost
from tests.scheduling.crowd import plan_among_many
from tests.scheduling.factories import (
    BERLIN,
    at,
    book,
    doctor,
    heard,
    history,
    in_transaction,
    move,
    patient,
    said,
    together,
)

TIMERS = (timers.expire_requests, timers.expire_displaced, timers.miss_visits, timers.displace_visits)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
Set = Callable[[datetime], None]


def tick(session: Session) -> None:
    """Every timer does its work."""
    for timer in TIMERS:
        timer(session, SYSTEM)
    session.flush()


def status_of(session: Session, visit: dict[str, Any]) -> str:
    return session.get_one(Appointment, visit["id"], populate_existing=True).status


def put(session: Session, status: str, who: Actor, **fields: Any) -> Appointment:
    """A visit of yesterday in this state, whatever became of it since."""
    given = {
        "starts_at": at(-1),
        "ends_at": at(-1, minute=30),
        "created_at": at(-30),
        "overbooked": True,
        "revision": 1,
    }
    given |= {"requested_at": at(-30), "displaced_at": at(-30), "first_call": False, **fields}
    visit = Appointment(id=uuid7(), doctor_id=who.person, patient_id=uuid7(), status=status, **given)
    session.insert(visit)
    return visit


def gone(session: Session, sequence: int = 2) -> Actor:
    """A doctor who cannot be visited from now on."""
    who = doctor(session)
    doctors.suspend(session, heard(session, sequence), user_id=who.person)
    return who


def test_a_request_expires_when_nobody_answers_in_48_hours(session: Session, set_clock: Set) -> None:
    asked_at = clock.now()
    set_clock(asked_at)
    visit = book(session, doctor(session), starts_at=at(9))
    set_clock(asked_at + timedelta(hours=48) - SECOND)
    tick(session)
    assert status_of(session, visit) == "requested"
    set_clock(asked_at + timedelta(hours=48))
    tick(session)
    assert status_of(session, visit) == "expired"
    assert [told["revision"] for told in said(session, AppointmentExpired)] == [2]


def test_a_request_expires_when_its_start_has_come(session: Session, set_clock: Set) -> None:
    visit = book(session, doctor(session), starts_at=at(1))
    set_clock(visit["starts_at"] - SECOND)
    tick(session)
    assert status_of(session, visit) == "requested"
    set_clock(visit["starts_at"])
    tick(session)
    assert status_of(session, visit) == "expired"


def test_a_visit_is_missed_when_its_day_is_over_in_the_hospital(session: Session, set_clock: Set) -> None:
    who = doctor(session)
    visit = move(session, who, book(session, who, starts_at=at(1, hour=16)), "accept")
    midnight = at(2, hour=0, zone=BERLIN)
    set_clock(midnight - SECOND)
    tick(session)
    assert status_of(session, visit) == "booked"
    set_clock(midnight)
    tick(session)
    assert status_of(session, visit) == "no_show"
    assert [told["revision"] for told in said(session, AppointmentMissed)] == [3]


def test_a_visit_that_ends_at_midnight_is_missed_that_night(session: Session, set_clock: Set) -> None:
    midnight = at(2, hour=0, zone=BERLIN)
    visit = put(session, "booked", doctor(session), starts_at=midnight - timedelta(hours=1), ends_at=midnight)
    for hours, status in ((2, "booked"), (0, "no_show")):
        set_clock(midnight + timedelta(hours=2 - hours))
        tick(session)
        assert visit.status == status


def test_nobody_has_missed_a_visit_that_was_over_less_than_two_hours_ago(session: Session, set_clock: Set) -> None:
    midnight = at(2, hour=0, zone=BERLIN)
    visit = put(session, "booked", doctor(session), starts_at=midnight - HOUR, ends_at=midnight - HOUR / 4)
    set_clock(visit.ends_at + 2 * HOUR - SECOND)
    tick(session)
    assert visit.status == "booked"
    set_clock(visit.ends_at + 2 * HOUR)
    tick(session)
    assert visit.status == "no_show"


def test_a_visit_across_midnight_belongs_to_the_day_of_its_end(session: Session, set_clock: Set) -> None:
    midnight = at(2, hour=0, zone=BERLIN)
    visit = put(session, "booked", doctor(session), starts_at=midnight - timedelta(hours=1), ends_at=midnight + SECOND)
    for moment, status in ((midnight + 12 * HOUR, "booked"), (at(3, hour=0), "no_show")):
        set_clock(moment)
        tick(session)
        assert visit.status == status


def test_a_displaced_visit_expires_when_it_has_no_time_after_14_days(session: Session, set_clock: Set) -> None:
    now = clock.now()
    visit = put(session, "displaced", doctor(session), displaced_at=now - timedelta(days=14) + SECOND)
    set_clock(now)
    tick(session)
    assert visit.status == "displaced"
    set_clock(now + SECOND)
    tick(session)
    assert visit.status == "expired"


def test_time_does_nothing_to_visits_in_any_other_state(session: Session) -> None:
    who = doctor(session)
    visits = {status: put(session, status, who) for status in AppointmentStatus}
    tick(session)
    changed = {status: visit.status for status, visit in visits.items() if visit.status != status}
    assert changed == {"requested": "expired", "booked": "no_show", "displaced": "expired"}


def test_the_history_says_that_nobody_in_person_did_it(session: Session, set_clock: Set) -> None:
    visit, asking = book(session, doctor(session), actor=(asked := patient())), asked.person
    set_clock(visit["starts_at"])
    tick(session)
    assert history(session, visit) == [(1, "requested", asking), (2, "expired", None)]


def test_what_is_done_is_not_done_again(session: Session) -> None:
    put(session, "requested", doctor(session))
    tick(session)
    tick(session)
    assert len(said(session, AppointmentExpired)) == 1


def test_a_timer_does_a_batch_at_a_time(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "BATCH", 3)
    who = doctor(session)
    for _number in range(5):
        put(session, "booked", who)
    for done in (3, 5):
        timers.miss_visits(session, SYSTEM)
        session.flush()
        assert len(said(session, AppointmentMissed)) == done


@pytest.mark.parametrize(
    ("timer", "status", "column"),
    [
        (timers.expire_requests, "requested", "requested_at"),
        (timers.expire_displaced, "displaced", "displaced_at"),
        (timers.miss_visits, "booked", "ends_at"),
    ],
)
def test_a_timer_finds_its_visits_by_the_index_of_their_state(
    session: Session, timer: Callable[..., None], status: str, column: str
) -> None:
    with asked(session) as found:
        timer(session, SYSTEM)
    statement, values = found[-1]
    assert f"status = '{status}'" in statement  # Such an index is no help to a statement that has the state as a value.
    if session.is_postgresql:
        plan = plan_among_many(session, statement, values)
        assert f"ix_appointment_{status}_{column}" in plan


@contextmanager
def asked(session: Session) -> Iterator[list[tuple[str, Any]]]:
    """The statements that are sent meanwhile, with their values."""
    found = list[tuple[str, Any]]()

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_others: object) -> None:
        found.append((statement, values))

    event.listen(session.get_bind(), "before_cursor_execute", note)
    yield found
    event.remove(session.get_bind(), "before_cursor_execute", note)


def told(database: Database, kind: type[Event]) -> list[tuple[UUID, int]]:
    """How often the world is told of each visit."""
    with database.read() as session:
        query = select(outbox.c.subject, func.count()).where(outbox.c.name == kind.event_name())
        found: list[Row[Any]] = list(session.execute(query.group_by(outbox.c.subject)))
    return [(UUID(subject), count) for subject, count in found]


def some(database: Database, status: str, count: int) -> set[UUID]:
    """So many visits in a state, committed."""
    make, state = (gone, "booked") if status == "stranded" else (doctor, status)
    who, when = in_transaction(database, make), {"ends_at": at(1)} if status == "stranded" else {}
    return {
        visit.id for visit in in_transaction(database, lambda s: [put(s, state, who, **when) for _ in range(count)])
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
def test_three_at_once_tell_of_each_visit_once(
    fresh: Database, monkeypatch: pytest.MonkeyPatch, timer: Callable[..., None], status: str, kind: type[Event]
) -> None:
    monkeypatch.setattr(timers, "BATCH", 4)
    due = some(fresh, status, 10)

    def work(session: Session) -> None:
        timer(session, SYSTEM)
        eventlet.sleep(0.02)
        add_events(session)

    for _time in range(3):
        together(*[lambda: in_transaction(fresh, work)] * 3)
    assert sorted(told(fresh, kind)) == sorted((visit, 1) for visit in due)


def test_three_processes_tell_of_each_visit_once(fresh: Database) -> None:
    due = some(fresh, "booked", 5)
    work = lambda: Timer("miss", timers.miss_visits).run(FakeHost(fresh))  # noqa: E731
    together(*[work] * 3)
    assert sorted(told(fresh, AppointmentMissed)) == sorted((visit, 1) for visit in due)


def test_a_visit_that_is_just_being_accepted_does_not_expire_and_keeps_nobody_waiting(
    fresh: Database, set_clock: Set
) -> None:
    who, order = in_transaction(fresh, doctor), list[str]()
    visit = in_transaction(fresh, lambda session: book(session, who, starts_at=at(1)))
    moved, looked = Signal(), Signal()

    def accept(session: Session) -> None:
        set_clock(visit["starts_at"] - SECOND)
        move(session, who, visit, "accept")
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

    together(lambda: in_transaction(fresh, accept), lambda: in_transaction(fresh, expire))
    with fresh.read() as session:
        assert status_of(session, visit) == "booked"
    assert told(fresh, AppointmentExpired) == []
    assert order == (["accepted", "looked"] if fresh.is_sqlite else ["looked", "accepted"])  # SQLite has one writer.
