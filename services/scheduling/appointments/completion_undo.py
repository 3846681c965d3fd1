"""Undoing a completion that was a mistake."""

from chassis import clock
from chassis.errors import Conflict
from chassis.identity import Actor
from chassis.persistence.database import Session, trying
from contracts.scheduling.appointments.events import VisitCompletionUndone
from contracts.scheduling.appointments.visits import UndoCompletion
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import openings, timers
from services.scheduling.appointments.access import lock_with_people
from services.scheduling.appointments.conflicts import OVERLAPS, SlotRequest
from services.scheduling.directory import patients
from services.scheduling.models.appointments import Appointment


def undo_completion(session: Session, actor: Actor, command: UndoCompletion) -> Appointment:
    """Undo a completion: book the appointment again, or displace or cancel it.

    The appointment is displaced when its time is taken, and cancelled when it can no longer take place. The history
    keeps the reason.
    """
    appointment = lock_with_people(session, actor, command.appointment_id, "desk")
    appointment.check_fulfilled()
    now = clock.now()
    if appointment.ends_at <= timers.missed_before(now) or patients.is_gone(session, appointment.patient_id):
        appointment.undo_completion("cancelled", command.reason, now)
    elif not _is_booked_again(session, appointment, command.reason):
        appointment.undo_completion("displaced", command.reason, now)
    return appointments.record_change(
        session, actor, appointment, VisitCompletionUndone, reason=command.reason, status=appointment.status
    )


def _is_booked_again(session: Session, appointment: Appointment, reason: str) -> bool:
    """Book the appointment again if both people still have its time. The constraints of the database decide."""
    people = appointment.doctor_id, appointment.patient_id
    request = SlotRequest(*people, appointment.starts_at, moved=appointment.id, overbooked=appointment.overbooked)
    try:
        appointments.must_have_doctor(session, appointment)
        openings.check_free(session, request, appointment.ends_at)
        with trying(session, OVERLAPS):
            appointment.undo_completion("booked", reason, clock.now())
    except Conflict:
        return False
    return True
