"""What tests of scheduling are made of, with defaults, so that each names only what matters to it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID
from zoneinfo import ZoneInfo

import eventlet
from sqlalchemy import event, insert, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.event import Event, Origin
from chassis.execution.run import add_events, retrying
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.auth.events import DoctorApproved
from contracts.clinical.patients import PatientRegistered
from contracts.scheduling.appointments.commands import BookAppointment
from contracts.scheduling.appointments.views import AppointmentView
from contracts.scheduling.availability import ListSlots, RuleView, SetSchedule
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import queries as lists
from services.scheduling.availability import slots, weekly_hours
from services.scheduling.directory import doctors, patients
from services.scheduling.models.appointments import Appointment, AppointmentChange
from services.scheduling.models.availability import AvailabilityRule
from services.scheduling.rules import Slot
from tests.calls import delivered
from tests.events import example_of
from tests.perform import perform

BERLIN, NEW_YORK, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
HALF_HOUR = timedelta(minutes=30)


class Hours(NamedTuple):
    """Weekly hours, as the rules take them."""

    weekday: int = 0
    from_: time = time(9)
    to: time = time(17)
    slot_minutes: int = 30
    place: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def view(self) -> RuleView:
        """The same as the command has it."""
        return RuleView(**self._asdict())


ALL_WEEK = [Hours(weekday).view() for weekday in range(7)]


def patient(person: UUID | None = None, *roles: str) -> Actor:
    """A patient, or whoever has these roles."""
    return Actor(id=person or uuid7(), roles=frozenset(roles or ("patient",)), verified=True)


def heard(session: Session, sequence: int = 1) -> Actor:
    """What a handler acts as."""
    origin = Origin(uuid7(), "auth", "doctor_approved", sequence, clock.now(), "subject", "correlation")
    return delivered(session, origin)


def doctor(session: Session, rules: list[RuleView] | None = None, **fields: Any) -> Actor:
    """A doctor of the directory, with hours on every day."""
    who = Actor(id=uuid7(), roles=frozenset({"doctor"}), verified=True)
    given = {"name": "Dr Lena Weiss", "specialization": "cardiology", **fields}
    doctors.remember(session, heard(session), example_of(DoctorApproved, doctor_id=who.person, **given))
    session.flush()
    weekly_hours.set_schedule(
        session, who, SetSchedule(doctor_id=who.person, rules=ALL_WEEK if rules is None else rules)
    )
    return who


def write_hours(session: Session, who: Actor, rules: list[RuleView]) -> None:
    """Hours of a doctor that overlap, as they could be set before that was refused."""
    if rules:
        session.execute(insert(AvailabilityRule), [{"doctor_id": who.person, **rule.given()} for rule in rules])


def at(days: int = 2, hour: int = 9, minute: int = 0, zone: ZoneInfo = BERLIN) -> datetime:
    """A time of day in so many days."""
    day = clock.now().astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def timed(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields in which what `at` takes has become a time, today: an example is chosen before, maybe on another day."""
    return {name: at(**value) if isinstance(value, dict) else value for name, value in fields.items()}


def seen(visit: Any) -> dict[str, Any]:
    """A visit as a caller sees it."""
    shown: dict[str, Any] = AppointmentView.dump_one(visit)
    return shown


def book(session: Session, who: Actor, *, actor: Actor | None = None, **fields: Any) -> dict[str, Any]:
    """A visit to a doctor, by default the patient's own request for the day after tomorrow at nine."""
    asking = actor or patient()
    left_out = {"reason": None, "overbook_reason": None, "minutes": None}
    given = {"patient_id": asking.person, "starts_at": at(), **left_out, **fields}
    if given["patient_id"] != asking.person:
        patients.admit(session, heard(session), example_of(PatientRegistered, patient_id=given["patient_id"]))
    return seen(appointments.book(session, asking, BookAppointment(doctor_id=who.person, **given)))


def move(session: Session, who: Actor, visit: dict[str, Any], name: str, **fields: Any) -> dict[str, Any]:
    """A visit after a caller's move: `accept`, `arrive`, `start` and the like. A visit starts on its day."""
    with near(visit) if name == "start" and "starts_at" in visit else nullcontext():
        moved = seen(perform(getattr(appointments, name), session, who, appointment_id=visit["id"], **fields))
        session.flush()
    return moved


@contextmanager
def near(visit: dict[str, Any]) -> Iterator[None]:
    """Let it be half an hour before the visit, if it is earlier."""
    moment = max(clock.now(), visit["starts_at"] - HALF_HOUR)
    with patch.object(clock, "now", lambda: moment):
        yield


def hold(session: Session, who: Actor, visit: dict[str, Any]) -> list[dict[str, Any]]:
    """A visit after each of its doctor's moves, to its end."""
    return [move(session, who, visit, name) for name in ("accept", "start", "complete")]


def history(session: Session, visit: dict[str, Any]) -> list[tuple[int, str, UUID | None]]:
    """Revision, status and author of each change of a visit."""
    add_events(session)
    session.appended.clear()
    change = AppointmentChange
    query = select(change.revision, change.status, change.actor_id).where(change.appointment_id == visit["id"])
    return [tuple(row) for row in session.execute(query.order_by(change.revision))]


def said(session: Session, kind: type[Event]) -> list[dict[str, Any]]:
    """What a session has published of one kind."""
    return [published.data for published in session.published if type(published) is kind]


def visits_of(session: Session, asking: Actor, field: str = "doctor_id", **filters: Any) -> list[UUID]:
    """The ids of a person's own visits: as a doctor, or by the field `patient_id` as a patient."""
    use_case = {"doctor_id": lists.of_doctor, "patient_id": lists.of_patient}[field]
    anything = {"status": None, "from_": None, "to": None, "order": "desc", "limit": 20, "cursor": None}
    given = {**anything, field: asking.person, **filters}
    return [row.id for row in perform(use_case, session, asking, **given).items]


def free(session: Session, who: Actor, first: datetime, last: datetime, limit: int = 100) -> list[Slot]:
    """A doctor's free slots in a range."""
    given = {"from_": first, "to": last, "limit": limit, "cursor": None}
    return list(slots.listing(session, patient(), ListSlots(doctor_id=who.person, **given)).items)


def local(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """A local time of a day, in UTC."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def visits(database: Database) -> list[Any]:
    """All visits, by start."""
    with database.read() as session:
        query = select(Appointment.doctor_id, Appointment.patient_id, Appointment.starts_at, Appointment.ends_at)
        return list(session.execute(query.order_by(Appointment.starts_at)))


def in_transaction(database: Database, work: Callable[[Session], Any]) -> Any:
    """Do it in a transaction of its own, again when the database broke it off."""

    def once() -> Any:
        with database.begin() as session:
            return work(session)

    return retrying(once)


def together(*works: Callable[[], Any]) -> list[Any]:
    """Do them at once, in green threads; what each returned."""
    with eventlet.Timeout(30):
        return [thread.wait() for thread in [eventlet.spawn(work) for work in works]]


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """The SQL statements that are sent meanwhile."""
    sent = list[str]()

    def note(_connection: object, _cursor: object, statement: str, *_others: object) -> None:
        sent.append(statement)

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
