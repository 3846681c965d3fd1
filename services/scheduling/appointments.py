"""Appointments: asked for, agreed, kept or not, and what is said of each change."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.database import Session, refusing
from chassis.errors import Conflict, Forbidden, NotFound
from chassis.identity import Actor
from contracts.roles import DESK, Role
from contracts.scheduling import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentEvent,
    AppointmentMissed,
    AppointmentRejected,
    AppointmentRequested,
    PatientArrived,
    VisitCompleted,
    VisitStarted,
)
from services.scheduling import calendars
from services.scheduling.models import Appointment, AppointmentChange
from services.scheduling.parts import held, locked, part_of
from services.scheduling.rules import Slot

OVERLAPS = {
    "no_doctor_overlap": Conflict("slot_taken", "Somebody has this time already."),
    "no_patient_overlap": Conflict("patient_busy", "The patient has another visit at that time."),
}
OVERBOOKED = 15
"""Minutes that an overbooked visit takes when nobody says how many, and the doctor has no slot then."""


def book(
    session: Session,
    actor: Actor,
    *,
    doctor_id: UUID,
    patient_id: UUID,
    starts_at: datetime,
    reason: str | None,
    overbook_reason: str | None,
    minutes: int | None,
) -> Appointment:
    """Reserve the doctor's time for the patient: a patient asks for it; the desk and the doctor have it at once.

    NotFound: no such doctor, or not one's own record. Forbidden: `desk_only` (overbooking). Invalid: `not_in_future`,
    `too_far_ahead`. Conflict: `slot_taken`, `outside_hours`, `patient_busy`, `too_many_requests`.
    """
    part = _part_in_booking(session, actor, doctor_id, patient_id)
    only_desk_overbooks(part, overbook_reason)
    calendars.check_time(starts_at)
    session.lock(calendars.lock_of(doctor_id), calendars.lock_of(patient_id))
    people: dict[str, Any] = {"doctor_id": doctor_id, "patient_id": patient_id}
    if part == "patient":
        slot = calendars.slot_to_book(session, starts_at=starts_at, **people)
        visit = _new(slot, status="requested", requested_at=clock.now(), reason=reason, **people)
    else:
        slot = slot_of(session, doctor_id, starts_at, overbook_reason, minutes)
        visit = _new(slot, status="booked", overbook_reason=overbook_reason, reason=reason, **people)
    with refusing(session, OVERLAPS):
        session.insert(visit)
    event = AppointmentRequested if part == "patient" else AppointmentBooked
    return changed(session, actor, visit, event, reason=overbook_reason)


def _new(slot: Slot, *, overbook_reason: str | None = None, **facts: Any) -> Appointment:
    return Appointment(
        id=uuid7(),
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        place=slot.place,
        overbooked=overbook_reason is not None,
        overbook_reason=overbook_reason,
        first_call=False,
        revision=1,
        created_at=clock.now(),
        **facts,
    )


def _part_in_booking(session: Session, actor: Actor, doctor_id: UUID, patient_id: UUID) -> str:
    """On whose part one books: whoever books for himself does so as a patient. NotFound: none of one's business.

    A doctor books those who have been given a visit with him before, by themselves or the desk: a visit opens the
    chart, and nobody is to open it for himself.
    """
    if actor.id == patient_id:
        return "patient"
    if actor.has(DESK):
        return "desk"
    known = (Appointment.doctor_id == doctor_id) & (Appointment.patient_id == patient_id)
    is_own = actor.has({Role.DOCTOR}) and actor.id == doctor_id
    if is_own and session.scalar(select(exists().where(known))):
        return "doctor"
    raise NotFound("not_found", "There is no such record.")


def only_desk_overbooks(part: str, overbook_reason: str | None) -> None:
    """Forbidden: `desk_only`."""
    if overbook_reason is not None and part != "desk":
        raise Forbidden("desk_only", "Only the desk books beside the doctor's hours and other visits.")


def slot_of(
    session: Session, doctor_id: UUID, starts_at: datetime, overbook_reason: str | None, minutes: int | None
) -> Slot:
    """The doctor's slot that begins then; to overbook it, so many minutes, whether there is a slot or not.

    NotFound: no such doctor. Conflict: `outside_hours`.
    """
    if overbook_reason is None:
        return calendars.slot_of(session, doctor_id=doctor_id, starts_at=starts_at)
    begins = starts_at.astimezone(UTC)
    try:
        slot = calendars.slot_of(session, doctor_id=doctor_id, starts_at=starts_at)
    except Conflict:
        slot = Slot(begins, begins + timedelta(minutes=OVERBOOKED), None)
    ends_at = slot.ends_at if minutes is None else begins + timedelta(minutes=minutes)
    calendars.check_present(session, doctor_id=doctor_id, starts_at=begins, ends_at=ends_at)
    return Slot(begins, ends_at, slot.place)


def changed(
    session: Session,
    actor: Actor,
    visit: Appointment,
    event: type[AppointmentEvent],
    *,
    reason: str | None = None,
    **more: Any,
) -> Appointment:
    """Write into the history what the visit has become, and why, and tell the world what more the event says."""
    session.append(
        AppointmentChange,
        appointment_id=visit.id,
        revision=visit.revision,
        status=visit.status,
        starts_at=visit.starts_at,
        doctor_id=visit.doctor_id,
        reason=reason,
        actor_id=actor.id,
        at=clock.now(),
    )
    session.publish(
        event(
            appointment_id=visit.id,
            doctor_id=visit.doctor_id,
            patient_id=visit.patient_id,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            revision=visit.revision,
            **more,
        )
    )
    return visit


def displace(session: Session, actor: Actor, visit: Appointment, *, reason: str | None) -> None:
    """The doctor cannot keep a visit, which is locked: the patient needs another time. Conflict: `not_waiting`."""
    visit.displace(clock.now(), reason)
    changed(session, actor, visit, AppointmentDisplaced, reason=reason)


def accept(session: Session, actor: Actor, *, appointment_id: UUID) -> Appointment:
    """The doctor agrees to the visit. Conflict: `not_requested`."""
    visit = held(session, actor, appointment_id, "doctor")
    visit.accept()
    return changed(session, actor, visit, AppointmentBooked)


def reject(session: Session, actor: Actor, *, appointment_id: UUID, reason: str) -> Appointment:
    """The doctor does not agree to the visit. Conflict: `not_requested`."""
    visit = locked(session, actor, appointment_id, "doctor")
    visit.reject(reason)
    return changed(session, actor, visit, AppointmentRejected, reason=reason)


def arrive(session: Session, actor: Actor, *, appointment_id: UUID) -> Appointment:
    """The patient is at the desk. Conflict: `not_booked`, `too_early`."""
    visit = held(session, actor, appointment_id, "desk")
    visit.arrive(clock.now())
    return changed(session, actor, visit, PatientArrived)


def start(session: Session, actor: Actor, *, appointment_id: UUID) -> Appointment:
    """The doctor begins the visit. Conflict: `not_booked`."""
    visit = held(session, actor, appointment_id, "doctor")
    visit.start()
    return changed(session, actor, visit, VisitStarted)


def complete(session: Session, actor: Actor, *, appointment_id: UUID) -> Appointment:
    """The doctor ends the visit. Conflict: `not_in_progress`."""
    visit = locked(session, actor, appointment_id, "doctor")
    visit.complete()
    return changed(session, actor, visit, VisitCompleted)


def miss(session: Session, actor: Actor, *, appointment_id: UUID) -> Appointment:
    """The patient has not come. Conflict: `not_booked`, `too_early`."""
    visit = locked(session, actor, appointment_id, "desk", "doctor")
    visit.miss(clock.now())
    return changed(session, actor, visit, AppointmentMissed)


def cancel(session: Session, actor: Actor, *, appointment_id: UUID, reason: str) -> Appointment:
    """Call the visit off: whoever calls off his own does so as its patient.

    Conflict: `cannot_be_cancelled`, `late_cancel`.
    """
    visit = locked(session, actor, appointment_id, "patient", "desk")
    by, late = part_of(actor, visit, "patient", "desk"), visit.is_late(clock.now())
    not_late(visit, by)
    visit.cancel(reason)
    return changed(session, actor, visit, AppointmentCancelled, reason=reason, late=late, by=by)


def not_late(visit: Appointment, part: str) -> None:
    """Conflict: `late_cancel`, for a patient, within 24 hours of an agreed visit."""
    if part == "patient" and visit.is_late(clock.now()):
        raise Conflict("late_cancel", "Within 24 hours of the visit only the hospital moves it or calls it off.")


def forget_reasons(session: Session, patient_id: UUID) -> None:
    """Drop what was written of an erased patient's visits, by whomever."""
    of_patient = Appointment.patient_id == patient_id
    texts = (Appointment.reason, Appointment.status_reason, Appointment.overbook_reason)
    written = or_(*(text.is_not(None) for text in texts))
    session.execute(update(Appointment).where(of_patient, written).values(dict.fromkeys(texts)))
    change = AppointmentChange
    told = change.appointment_id.in_(select(Appointment.id).where(of_patient)) & change.reason.is_not(None)
    session.execute(update(change).where(told).values(reason=None))
