"""What is told about visits that are agreed or have changed: to their people, and to a doctor who has lost one."""

from collections.abc import Collection

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.events import AppointmentBooked, AppointmentRescheduled
from services.notify.notifications.commands import tells

MOVED = frozenset({"status", "doctor_id", "starts_at", "ends_at"})
"""What is told as a visit that has changed, when one of these is not as it was."""
_tell_patient = tells("patient_id")
_tell_new_doctor = tells("doctor_id", kind="appointment_given")
_tell_former_doctor = tells("former_doctor_id", kind="appointment_given_away")


def booked(session: Session, actor: Actor, event: AppointmentBooked) -> None:
    """Tell the patient, and the doctor of what the desk has booked: of the rest the doctor knows."""
    _tell_patient(session, actor, event)
    if event.by == "desk":
        _tell_new_doctor(session, actor, event)


def rescheduled(session: Session, actor: Actor, event: AppointmentRescheduled) -> None:
    """Tell the patient, and the doctor who has not done it, what has changed; nobody of another reason alone.

    A former doctor is not told where or when the visit is now. A displaced visit has no place before it has a time.
    """
    kind = _kind(event.changed, event.status)
    if kind is not None:
        people = ("patient_id",) if event.by == "doctor" else ("patient_id", "doctor_id")
        tells(*people, kind=kind)(session, actor, event)
    _tell_former_doctor(session, actor, event)


def _kind(changed: Collection[str], status: str) -> str | None:
    """The kind of the notification; None when there is nothing to tell. Older events do not say what has changed."""
    if not changed or not MOVED.isdisjoint(changed):
        return "appointment_rescheduled"
    return "appointment_relocated" if "place" in changed and status != "displaced" else None
