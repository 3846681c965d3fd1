"""Builders of charts: a patient, the people who ask for the chart, and the outcome of each request."""

from collections.abc import Callable
from typing import Any, NamedTuple
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis.contract import Command
from chassis.errors import MatronError
from chassis.execution.run import add_events
from chassis.identity import Actor, check_right
from chassis.persistence.database import Session
from contracts.roles import Role
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical.care.handlers import on_appointment_booked
from services.clinical.models.care import Assignment, BreakGlass
from services.clinical.models.history import HistoryEntry
from tests.clinical.factories import doctor, heard, hours, patient, registered, visit
from tests.events import example_of

ALLOWED, FORBIDDEN, HIDDEN = "allowed", "403", "404"
IN_CARE = ("treating doctor", "assigned doctor", "doctor by break-glass")
OUTSIDE_CARE = (
    "other doctor",
    "doctor before the visit",
    "doctor after care",
    "doctor after assignment",
    "doctor after break-glass",
)
STAFF = {
    "nurse": Role.NURSE,
    "pharmacist": Role.PHARMACIST,
    "lab technician": Role.LAB_TECHNICIAN,
    "receptionist": Role.RECEPTIONIST,
    "admin": Role.ADMIN,
}
PATIENTS = ("patient", "other patient")
DAYS = 24.0


class Chart(NamedTuple):
    """A registered patient, and people by their relation to the patient."""

    patient_id: UUID
    people: dict[str, Actor]

    @property
    def doctor(self) -> Actor:
        """The doctor of an appointment that started an hour ago."""
        return self.people["treating doctor"]

    @property
    def nurse(self) -> Actor:
        """A nurse."""
        return self.people["nurse"]


def chart(session: Session) -> Chart:
    """Register a patient, and give each person the relation of the person's name."""
    patient_id = registered(session).id
    people = {name: doctor() for name in (*IN_CARE, *OUTSIDE_CARE)}
    people |= {name: Actor(id=uuid7(), roles=frozenset({role}), verified=True) for name, role in STAFF.items()}
    people |= {"patient": patient(patient_id), "other patient": patient()}
    for name, starts in (("treating doctor", -1), ("doctor before the visit", 1), ("doctor after care", -31 * DAYS)):
        booked(session, people[name], patient_id, starts)
    assign(session, people["assigned doctor"], patient_id)
    assign(session, people["doctor after assignment"], patient_id, ended_at=hours(-1))
    break_glass(session, people["doctor by break-glass"], patient_id, until=1)
    break_glass(session, people["doctor after break-glass"], patient_id, until=-1)
    session.flush()
    return Chart(patient_id, people)


def booked(session: Session, physician: Actor, patient_id: UUID, starts: float = -1) -> UUID:
    """Hear of an appointment that starts in this many hours; return its id."""
    facts = visit(physician, patient(patient_id), starts=starts)
    on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **facts))
    visit_id: UUID = facts["appointment_id"]
    return visit_id


def assign(session: Session, physician: Actor, patient_id: UUID, **facts: Any) -> None:
    """Assign the doctor to the patient."""
    people = {"doctor_id": physician.person, "patient_id": patient_id, "assigned_by": uuid7()}
    session.add(Assignment(id=uuid7(), assigned_at=hours(-2), **people, **facts))


def break_glass(session: Session, physician: Actor, patient_id: UUID, *, until: float) -> None:
    """Open the chart in an emergency, until this many hours from now."""
    people = {"doctor_id": physician.person, "patient_id": patient_id, "reason": "unconscious"}
    session.add(BreakGlass(id=uuid7(), opened_at=hours(-2), until=hours(until), **people))


def outcomes(
    session: Session, chart: Chart, command: type[Command], use_case: Callable[..., Any], fields: Callable[[], Any]
) -> dict[str, str]:
    """Send the command as each person. `fields` makes the fields of each request, besides the patient."""
    return {
        name: _outcome(session, person, command, use_case, patient_id=chart.patient_id, **fields())
        for name, person in chart.people.items()
    }


def _outcome(
    session: Session, actor: Actor, command: type[Command], use_case: Callable[..., Any], **fields: Any
) -> str:
    try:
        check_right(actor, command)
        use_case(session, actor, command(**fields))
    except MatronError as refusal:
        return str(refusal.status)
    return ALLOWED


def expected(*allowed: str, hidden: tuple[str, ...] = OUTSIDE_CARE) -> dict[str, str]:
    """Return the outcomes: allowed, 404 for doctors without care, and 403 for all other roles."""
    names = (*IN_CARE, *OUTSIDE_CARE, *STAFF, *PATIENTS)
    found = {name: HIDDEN if name in hidden else FORBIDDEN for name in names}
    return found | dict.fromkeys(allowed, ALLOWED)


def history_of(session: Session, record_id: UUID) -> list[tuple[int, str, str]]:
    """Return version, kind and status of the entries of a record in the patient's history."""
    add_events(session)
    session.appended.clear()
    rows = session.query(HistoryEntry).filter_by(record_id=record_id).order_by(HistoryEntry.version)
    return [(row.version, row.kind, str(row.details["status"])) for row in rows]
