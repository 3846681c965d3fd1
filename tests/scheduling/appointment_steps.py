"""Changes of visits: rescheduling, changes by an admin, and displacement by the doctor."""

from datetime import datetime
from typing import Any

from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.commands import ChangeAppointment, RescheduleAppointment
from contracts.scheduling.appointments.history import AppointmentWithHistoryView, GetAppointment
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import history, rescheduling
from services.scheduling.models.appointments import Appointment
from tests.scheduling.factories import appointment_view, at, book, make_user, transition

ADMIN = make_user("admin")


def later() -> datetime:
    """The default time of a rescheduled visit: at eleven, three days from today."""
    return at(3, 11)


def book_accepted(session: Session, doctor: Actor, patient: Actor | None = None, **fields: Any) -> dict[str, Any]:
    """Book a visit as the patient, and accept it as the doctor."""
    return transition(session, doctor, book(session, doctor, actor=patient, **fields), "accept")


def reschedule(session: Session, actor: Actor, visit: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Move a visit, by default to `later()`."""
    given = {"starts_at": later(), "overbook_reason": None, "minutes": None, "doctor_id": None, **fields}
    command = RescheduleAppointment(appointment_id=visit["id"], **given)
    moved = appointment_view(rescheduling.reschedule(session, actor, command))
    session.flush()
    return moved


def change_appointment(session: Session, visit: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """Change facts of a visit as an admin."""
    command = ChangeAppointment(appointment_id=visit["id"], **facts)
    changed = appointment_view(rescheduling.change(session, ADMIN, command))
    session.flush()
    return changed


def displace(session: Session, doctor: Actor, visit: dict[str, Any]) -> None:
    """Take the time away from a visit, as for a holiday of the doctor."""
    row = session.get_one(Appointment, visit["id"])
    appointments.displace(session, doctor, row, reason="holiday")
    session.flush()


def visit_with_history(session: Session, actor: Actor, visit: dict[str, Any]) -> dict[str, Any]:
    """A visit with its history, as its caller sees it."""
    add_events(session)
    session.appended.clear()
    found = history.get(session, actor, GetAppointment(appointment_id=visit["id"]))
    shown: dict[str, Any] = AppointmentWithHistoryView.dump_one(found)
    return shown
