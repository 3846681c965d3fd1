"""Completions that were a mistake: an admin takes one back, and the visit is to be kept again where it can be."""

from chassis import clock
from chassis.errors import Conflict
from chassis.identity import Actor
from chassis.persistence.database import Session, trying
from contracts.scheduling.appointments.events import VisitCompletionUndone
from contracts.scheduling.appointments.visits import UndoCompletion
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import openings, timers
from services.scheduling.appointments.access import held
from services.scheduling.appointments.conflicts import OVERLAPS, Wish
from services.scheduling.directory import patients
from services.scheduling.models.appointments import Appointment


def undo_completion(session: Session, actor: Actor, command: UndoCompletion) -> Appointment:
    """Book the visit again at its time; displace it when the time is taken; cancel it when it cannot take place.

    The reason is kept in the history.
    """
    visit = held(session, actor, command.appointment_id, "desk")
    visit.check_fulfilled()
    now = clock.now()
    if visit.ends_at <= timers.missed_before(now) or patients.is_gone(session, visit.patient_id):
        visit.undo_completion("cancelled", command.reason, now)
    elif not _is_booked_again(session, visit, command.reason):
        visit.undo_completion("displaced", command.reason, now)
    return appointments.changed(
        session, actor, visit, VisitCompletionUndone, reason=command.reason, status=visit.status
    )


def _is_booked_again(session: Session, visit: Appointment, reason: str) -> bool:
    """Give the visit its time again, if doctor and patient still have it; the database has the last word."""
    people = visit.doctor_id, visit.patient_id
    wish = Wish(*people, visit.starts_at, moved=visit.id, overbooked=visit.overbooked)
    try:
        appointments.must_have_doctor(session, visit)
        openings.check_free(session, wish, visit.ends_at)
        with trying(session, OVERLAPS):
            visit.undo_completion("booked", reason, clock.now())
    except Conflict:
        return False
    return True
