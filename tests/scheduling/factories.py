"""Builders for the tests of scheduling. Each has defaults, so a test names only the facts that it checks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from unittest.mock import patch
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.event import Event, Origin
from chassis.execution.run import add_events
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
SetClock = Callable[[datetime], None]


class Hours(NamedTuple):
    """Weekly hours, in the form that the rules of scheduling read."""

    weekday: int = 0
    from_: time = time(9)
    to: time = time(17)
    slot_minutes: int = 30
    place: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def view(self) -> RuleView:
        """The same hours, in the form that the command takes."""
        return RuleView(**self._asdict())


ALL_WEEK = [Hours(weekday).view() for weekday in range(7)]


# --- people -----------------------------------------------------------------------------------------------------------


def make_user(*roles: str, person_id: UUID | None = None) -> Actor:
    """A verified user with these roles. Nothing is stored."""
    return Actor(id=person_id or uuid7(), roles=frozenset(roles), verified=True)


def make_patient(person_id: UUID | None = None) -> Actor:
    """A verified patient. Nothing is stored."""
    return make_user("patient", person_id=person_id)


def event_actor(session: Session, sequence: int = 1) -> Actor:
    """Deliver an event with this sequence number to the session; return the actor of its handler."""
    origin = Origin(uuid7(), "auth", "doctor_approved", sequence, clock.now(), "subject", "correlation")
    return delivered(session, origin)


def deliver(session: Session, handler: Callable[..., None], event: Event, sequence: int = 1) -> None:
    """Deliver an event with this sequence number to its handler."""
    handler(session, event_actor(session, sequence), event)
    session.flush()


def add_doctor(session: Session, rules: list[RuleView] | None = None, **fields: Any) -> Actor:
    """Store a doctor, by default with hours on every day."""
    doctor = make_user("doctor")
    approve_doctor(session, doctor, 1, **fields)
    session.flush()
    rules = ALL_WEEK if rules is None else rules
    weekly_hours.set_schedule(session, doctor, SetSchedule(doctor_id=doctor.person, rules=rules))
    return doctor


def approve_doctor(session: Session, doctor: Actor, sequence: int, **fields: Any) -> None:
    """Handle the event that auth approved a doctor."""
    facts = {"name": "Dr Lena Weiss", "specialization": "cardiology", **fields}
    doctors.on_doctor_approved(
        session, event_actor(session, sequence), example_of(DoctorApproved, doctor_id=doctor.person, **facts)
    )


def insert_rules(session: Session, doctor: Actor, rules: list[RuleView]) -> None:
    """Insert hours without validation. Older databases have doctors with overlapping hours."""
    if rules:
        session.execute(insert(AvailabilityRule), [{"doctor_id": doctor.person, **rule.given()} for rule in rules])


# --- times ------------------------------------------------------------------------------------------------------------


def at(days: int = 2, hour: int = 9, minute: int = 0, zone: ZoneInfo = BERLIN) -> datetime:
    """A local time of day, `days` days from today, in UTC."""
    day = clock.now().astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def local_time(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """A local hour of a day, in UTC."""
    return datetime.combine(day, time(hour), zone).astimezone(UTC)


def resolve_times(fields: dict[str, Any]) -> dict[str, Any]:
    """Replace each dict by the time that `at` makes of it.

    Pytest collects parameters before it runs the tests, sometimes on the day before.
    """
    return {name: at(**value) if isinstance(value, dict) else value for name, value in fields.items()}


# --- visits -----------------------------------------------------------------------------------------------------------


def appointment_view(visit: Any) -> dict[str, Any]:
    """A visit as its caller sees it."""
    shown: dict[str, Any] = AppointmentView.dump_one(visit)
    return shown


def book(session: Session, doctor: Actor, *, actor: Actor | None = None, **fields: Any) -> dict[str, Any]:
    """Book a visit. By default a new patient requests it for the day after tomorrow at nine."""
    actor = actor or make_patient()
    optional = {"reason": None, "overbook_reason": None, "minutes": None}
    given = {"patient_id": actor.person, "starts_at": at(), **optional, **fields}
    if given["patient_id"] != actor.person:
        deliver(session, patients.on_patient_registered, example_of(PatientRegistered, patient_id=given["patient_id"]))
    return appointment_view(appointments.book(session, actor, BookAppointment(doctor_id=doctor.person, **given)))


def transition(session: Session, actor: Actor, visit: dict[str, Any], name: str, **fields: Any) -> dict[str, Any]:
    """Run a use case that changes the status: `accept`, `arrive`, `start`. A visit starts on its day."""
    with shortly_before(visit) if name == "start" and "starts_at" in visit else nullcontext():
        use_case = getattr(appointments, name)
        changed = appointment_view(perform(use_case, session, actor, appointment_id=visit["id"], **fields))
        session.flush()
    return changed


@contextmanager
def shortly_before(visit: dict[str, Any]) -> Iterator[None]:
    """Set the clock to half an hour before the visit, unless it is later already."""
    moment = max(clock.now(), visit["starts_at"] - HALF_HOUR)
    with patch.object(clock, "now", lambda: moment):
        yield


def complete_visit(session: Session, doctor: Actor, visit: dict[str, Any]) -> list[dict[str, Any]]:
    """Accept, start and complete a visit; return the visit after each step."""
    return [transition(session, doctor, visit, name) for name in ("accept", "start", "complete")]


def insert_visit(session: Session, status: str, doctor: Actor, **fields: Any) -> Appointment:
    """Insert a visit with this status, by default of yesterday at nine."""
    times = {"starts_at": at(-1), "ends_at": at(-1, minute=30), "created_at": at(-30)}
    since = {"requested_at": at(-30), "displaced_at": at(-30)}
    given = {**times, **since, "overbooked": True, "first_call": False, "revision": 1, **fields}
    visit = Appointment(id=uuid7(), doctor_id=doctor.person, patient_id=uuid7(), status=status, **given)
    session.insert(visit)
    return visit


# --- evidence ---------------------------------------------------------------------------------------------------------


def status_of(session: Session, visit_id: UUID) -> str:
    """The status of a visit in the database."""
    return session.get_one(Appointment, visit_id, populate_existing=True).status


def doctor_status_revision(session: Session, visit: dict[str, Any]) -> tuple[Any, str, int]:
    """Doctor, status and revision of a visit in the database."""
    session.expire_all()
    row = session.get_one(Appointment, visit["id"])
    return row.doctor_id, row.status, row.revision


def changes_of(session: Session, visit: dict[str, Any]) -> list[tuple[int, str, UUID | None]]:
    """Revision, status and author of each change of a visit."""
    add_events(session)
    session.appended.clear()
    change = AppointmentChange
    query = select(change.revision, change.status, change.actor_id).where(change.appointment_id == visit["id"])
    return [tuple(row) for row in session.execute(query.order_by(change.revision))]


def published(session: Session, kind: type[Event]) -> list[dict[str, Any]]:
    """The data of the events of one kind that a session has published."""
    return [event.data for event in session.published if type(event) is kind]


def own_visit_ids(session: Session, actor: Actor, field: str = "doctor_id", **filters: Any) -> list[UUID]:
    """The ids in the actor's own list: as the doctor, or with the field `patient_id` as the patient."""
    use_case = {"doctor_id": lists.of_doctor, "patient_id": lists.of_patient}[field]
    defaults = {"status": None, "from_": None, "to": None, "order": "desc", "limit": 20, "cursor": None}
    return [row.id for row in perform(use_case, session, actor, **{**defaults, field: actor.person, **filters}).items]


def free_slots(session: Session, doctor: Actor, first: datetime, last: datetime, limit: int = 100) -> list[Slot]:
    """A doctor's free slots in a range."""
    page = {"from_": first, "to": last, "limit": limit, "cursor": None}
    return list(slots.listing(session, make_patient(), ListSlots(doctor_id=doctor.person, **page)).items)


def all_visits(database: Database) -> list[Any]:
    """Doctor, patient and times of all visits, in order of start."""
    with database.read() as session:
        query = select(Appointment.doctor_id, Appointment.patient_id, Appointment.starts_at, Appointment.ends_at)
        return list(session.execute(query.order_by(Appointment.starts_at)))
