"""Visits that get another time, another doctor or another place: each keeps its id, and counts one revision more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select

from chassis import clock
from chassis.database import Session, refusing
from chassis.errors import Conflict
from chassis.identity import Actor
from contracts.scheduling import AppointmentRescheduled
from services.scheduling import appointments, calendars
from services.scheduling.appointments import OVERLAPS, changed
from services.scheduling.models import WAITING, Appointment, Doctor
from services.scheduling.parts import held, part_of
from services.scheduling.rules import Slot

WHOSE = ("patient", "desk", "doctor")
WHEN_AND_WHO = frozenset({"doctor_id", "starts_at"})


def reschedule(
    session: Session,
    actor: Actor,
    *,
    appointment_id: UUID,
    starts_at: datetime,
    overbook_reason: str | None,
    minutes: int | None,
) -> Appointment:
    """Move a visit to another time of the same doctor: a patient asks for it; the desk and the doctor just do it.

    NotFound: not one's own. Forbidden: `desk_only`. Conflict: `slot_taken`, `outside_hours`, `patient_busy`,
    `too_many_requests`, `cannot_be_moved`, `late_cancel`. Invalid: `not_in_future`, `too_far_ahead`.
    """
    visit = held(session, actor, appointment_id, *WHOSE)
    part = part_of(actor, visit, *WHOSE)
    appointments.only_desk_overbooks(part, overbook_reason)
    visit.check_movable()
    appointments.not_late(visit, part)
    calendars.check_time(starts_at)
    if part == "patient" and visit.status == "booked":
        people = {"doctor_id": visit.doctor_id, "patient_id": visit.patient_id}
        slot = calendars.slot_to_book(session, starts_at=starts_at, **people)
    else:  # It is a request already, or was displaced: the patient has not asked for one more.
        slot = appointments.slot_of(session, visit.doctor_id, starts_at, overbook_reason, minutes)
    with refusing(session, OVERLAPS):
        visit.reschedule(visit.doctor_id, slot, overbook_reason)
        if part == "patient":
            visit.ask(clock.now())
        else:
            visit.agree()
    return _moved(session, actor, visit, overbook_reason)


def change(session: Session, actor: Actor, *, appointment_id: UUID, **facts: Any) -> Appointment:
    """Give a visit another `doctor_id`, `starts_at`, `place` or `reason`. Who names doctor or time agrees to it.

    NotFound: no such visit, or doctor. Conflict: `slot_taken`, `outside_hours`, `patient_busy`, `cannot_be_moved`.
    Invalid: `not_in_future`, `too_far_ahead`.
    """
    others = (facts["doctor_id"],) if "doctor_id" in facts else ()
    visit = held(session, actor, appointment_id, "desk", others=others)
    visit.check_movable()
    news = {name: value for name, value in facts.items() if getattr(visit, name) != value}
    is_to_be_agreed = visit.status != "booked" and bool(facts.keys() & WHEN_AND_WHO)
    if is_to_be_agreed or news.keys() & WHEN_AND_WHO:
        _move(session, visit, facts)
    elif news:
        visit.describe(news)
    return _moved(session, actor, visit) if news or is_to_be_agreed else visit


def _move(session: Session, visit: Appointment, facts: dict[str, Any]) -> None:
    """The visit is at another time or another doctor's; its place is what is said, or that of the new slot."""
    doctor_id, starts_at = facts.get("doctor_id", visit.doctor_id), facts.get("starts_at", visit.starts_at)
    calendars.check_time(starts_at)
    slot = calendars.slot_of(session, doctor_id=doctor_id, starts_at=starts_at)
    place = facts.get("place", slot.place)
    with refusing(session, OVERLAPS):
        visit.reason = facts.get("reason", visit.reason)
        visit.reschedule(doctor_id, Slot(slot.starts_at, slot.ends_at, place), None)
        visit.agree()


def _moved(session: Session, actor: Actor, visit: Appointment, reason: str | None = None) -> Appointment:
    return changed(session, actor, visit, AppointmentRescheduled, reason=reason, status=visit.status)


def hand_over(session: Session, actor: Actor, *, doctor_id: UUID, to: UUID | None) -> None:
    """The doctor is gone for ever: each visit that is still to be kept goes to another one, or is displaced.

    What was to be kept in the past, and is not, stays as it is.
    """
    session.lock(calendars.lock_of(doctor_id), *([] if to is None else [calendars.lock_of(to)]))
    successor = None if to is None else session.scalar(select(Doctor.id).where(Doctor.id == to, Doctor.is_active))
    ahead = or_(Appointment.status == "arrived", Appointment.ends_at > clock.now())
    query = select(Appointment).where(Appointment.doctor_id == doctor_id, Appointment.status.in_(WAITING), ahead)
    for visit in session.scalars(query.order_by(Appointment.starts_at).with_for_update()).all():
        if successor is not None and _is_taken_over(session, visit, successor):
            _moved(session, actor, visit)
        else:
            appointments.displace(session, actor, visit, reason=None)


def _is_taken_over(session: Session, visit: Appointment, successor: UUID) -> bool:
    """Whether the other doctor is there and has that time; the database has the last word."""
    try:
        calendars.check_present(session, doctor_id=successor, starts_at=visit.starts_at, ends_at=visit.ends_at)
        with session.begin_nested(), refusing(session, OVERLAPS):
            visit.hand_over(successor)
    except Conflict:
        return False
    return True
