"""Use cases that book, answer and end appointments."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import exists, or_, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.roles import DESK, Role
from contracts.scheduling.appointments.commands import (
    DESK_ONLY,
    LATE_CANCEL,
    AcceptAppointment,
    BookAppointment,
    CancelAppointment,
    RejectAppointment,
)
from contracts.scheduling.appointments.events import (
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
from contracts.scheduling.appointments.visits import CompleteVisit, MarkArrived, MarkNoShow, StartVisit
from contracts.scheduling.refusals import DOCTOR_GONE, NO_SUCH_RECORD
from services.scheduling.appointments import open_appointments, openings
from services.scheduling.appointments.access import lock, lock_with_people, side_of
from services.scheduling.appointments.conflicts import SlotRequest, check_not_own, refusing_conflicts, visible_to
from services.scheduling.directory import patients
from services.scheduling.models.appointments import PRESENT, Appointment, AppointmentChange
from services.scheduling.models.directory import Doctor
from services.scheduling.rules import Slot

MET = (*PRESENT, "fulfilled")
"""The states after the patient has arrived."""
KNOWN_FOR = timedelta(days=365)
"""How long after an appointment its doctor may book the patient again."""

ONLY_STATUS: Mapping[str, Any] = MappingProxyType({"status": None})
"""The changed part of most changes. Only the former reason is used, so the former status is left out."""


def book(session: Session, actor: Actor, command: BookAppointment) -> Appointment:
    """Reserve the doctor's time for the patient. Patients request; the desk and the doctor book at once."""
    part = _part_in_booking(session, actor, command.doctor_id, command.patient_id)
    only_desk_overbooks(part, command.overbook_reason)
    openings.check_time(command.starts_at)
    check_not_own(session, command.doctor_id, command.patient_id)
    session.lock_people(command.doctor_id, command.patient_id)
    request = SlotRequest(
        command.doctor_id,
        command.patient_id,
        command.starts_at,
        visible_to(part, actor.person),
        overbooked=command.overbook_reason is not None,
    )
    if part == "patient":
        slot = openings.requested_slot(session, request)
        appointment = _new(slot, request, status="requested", requested_at=clock.now(), reason=command.reason)
    else:
        patients.must_live(session, command.patient_id)
        slot = openings.bookable_slot(session, request, command.minutes)
        appointment = _new(
            slot, request, status="booked", overbook_reason=command.overbook_reason, reason=command.reason
        )
    with refusing_conflicts(session, request, slot.ends_at):
        session.insert(appointment)
    if part == "patient":
        return record_change(session, actor, appointment, AppointmentRequested, former={})
    return _record_booking(session, actor, appointment, former={}, reason=command.overbook_reason)


def _new(slot: Slot, request: SlotRequest, **facts: Any) -> Appointment:
    return Appointment(
        id=uuid7(),
        doctor_id=request.doctor_id,
        patient_id=request.patient_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        place=slot.place,
        overbooked=request.overbooked,
        first_call=False,
        revision=1,
        created_at=clock.now(),
        **facts,
    )


def _part_in_booking(session: Session, actor: Actor, doctor_id: UUID, patient_id: UUID) -> str:
    """Return the side of the caller: `patient`, `desk` or `doctor`. A caller who books for themselves is the patient.

    A doctor books only for own patients of the last year. A visit opens the chart, and a doctor must not open a chart
    for themselves by starting a visit far ahead.
    """
    if actor.id == patient_id:
        patients.check_own(actor)
        return "patient"
    if actor.has(DESK):
        return "desk"
    met = (Appointment.doctor_id == doctor_id) & (Appointment.patient_id == patient_id) & Appointment.status.in_(MET)
    lately = (Appointment.starts_at > (now := clock.now()) - KNOWN_FOR) & (Appointment.starts_at <= now)
    is_own = actor.has({Role.DOCTOR}) and actor.id == doctor_id
    if is_own and session.scalar(select(exists().where(met, lately))):
        return "doctor"
    raise NO_SUCH_RECORD()


def only_desk_overbooks(part: str, overbook_reason: str | None) -> None:
    """Refuse overbooking by any caller except the desk."""
    if overbook_reason is not None and part != "desk":
        raise DESK_ONLY()


def record_change(
    session: Session,
    actor: Actor,
    appointment: Appointment,
    event: type[AppointmentEvent],
    *,
    former: Mapping[str, Any] = ONLY_STATUS,
    reason: str | None = None,
    **more: Any,
) -> Appointment:
    """Add the change to the history and publish its event.

    `former` has the parts (`AppointmentPart`) that changed, with their former values; it is empty for a new
    appointment. `reason` is the reason of the change. `more` are further facts of the event.
    """
    facts = {name: getattr(appointment, name) for name in ("revision", "doctor_id", "starts_at", "ends_at")}
    session.append(
        AppointmentChange,
        appointment_id=appointment.id,
        status=appointment.status,
        changed=list(former),
        place=appointment.place,
        overbooked=appointment.overbooked,
        former_reason=former.get("reason"),
        reason=reason,
        actor_id=actor.id,
        at=clock.now(),
        **facts,
    )
    session.publish(event(appointment_id=appointment.id, patient_id=appointment.patient_id, **facts, **more))
    open_appointments.publish_change(session, appointment)
    return appointment


def acting_side(actor: Actor, appointment: Appointment) -> str:
    """Return the side of the actor: the appointment's `patient` or `doctor`, else the `desk`."""
    if actor.id == appointment.patient_id:
        return "patient"
    return "doctor" if actor.id == appointment.doctor_id else "desk"


def _record_booking(session: Session, actor: Actor, appointment: Appointment, **more: Any) -> Appointment:
    """Record that an appointment is booked, by which side, and whether it is overbooked."""
    by = acting_side(actor, appointment)
    return record_change(
        session, actor, appointment, AppointmentBooked, by=by, overbooked=appointment.overbooked, **more
    )


def displace(session: Session, actor: Actor, appointment: Appointment, *, reason: str | None) -> None:
    """Displace a locked appointment: the doctor cannot keep it, and the patient needs another time."""
    appointment.displace(clock.now(), reason)
    record_change(session, actor, appointment, AppointmentDisplaced, reason=reason)


def accept(session: Session, actor: Actor, command: AcceptAppointment) -> Appointment:
    """Accept a request."""
    appointment = lock_with_people(session, actor, command.appointment_id, "doctor")
    appointment.accept(clock.now())
    return _record_booking(session, actor, appointment)


def reject(session: Session, actor: Actor, command: RejectAppointment) -> Appointment:
    """Reject a request."""
    appointment = lock(session, actor, command.appointment_id, "doctor")
    appointment.reject(command.reason)
    return record_change(session, actor, appointment, AppointmentRejected, reason=command.reason)


def arrive(session: Session, actor: Actor, command: MarkArrived) -> Appointment:
    """Mark the patient as arrived. After a no-show, the time of both people must still be free."""
    appointment = lock_with_people(session, actor, command.appointment_id, "desk")
    people = appointment.doctor_id, appointment.patient_id
    request = SlotRequest(*people, appointment.starts_at, moved=appointment.id, overbooked=appointment.overbooked)
    if appointment.status == "no_show":
        must_have_doctor(session, appointment)
        openings.check_free(session, request, appointment.ends_at)
    with refusing_conflicts(session, request, appointment.ends_at):
        appointment.arrive(clock.now())
    return record_change(session, actor, appointment, PatientArrived)


def must_have_doctor(session: Session, appointment: Appointment) -> None:
    """Refuse unless the appointment's doctor is available."""
    if session.scalar(select(Doctor.id).where(Doctor.id == appointment.doctor_id, Doctor.is_active)) is None:
        raise DOCTOR_GONE()


def start(session: Session, actor: Actor, command: StartVisit) -> Appointment:
    """Start the visit."""
    appointment = lock_with_people(session, actor, command.appointment_id, "doctor")
    appointment.start(clock.now())
    return record_change(session, actor, appointment, VisitStarted)


def complete(session: Session, actor: Actor, command: CompleteVisit) -> Appointment:
    """Complete the visit."""
    appointment = lock(session, actor, command.appointment_id, "doctor")
    appointment.complete()
    return record_change(session, actor, appointment, VisitCompleted)


def miss(session: Session, actor: Actor, command: MarkNoShow) -> Appointment:
    """Mark the patient as not having come."""
    appointment = lock(session, actor, command.appointment_id, "desk", "doctor")
    appointment.miss(clock.now())
    return record_change(session, actor, appointment, AppointmentMissed)


def cancel(session: Session, actor: Actor, command: CancelAppointment) -> Appointment:
    """Cancel an appointment. A caller who cancels their own does so as its patient.

    The desk may also cancel after arrival: the patient left, or the visit was started by mistake.
    """
    appointment = lock(session, actor, command.appointment_id, "patient", "desk")
    by, late = side_of(actor, appointment, "patient", "desk"), appointment.is_late(clock.now())
    check_not_late(appointment, by)
    return cancel_locked(session, actor, appointment, reason=command.reason, late=late, by=by)


def cancel_locked(
    session: Session,
    actor: Actor,
    appointment: Appointment,
    *,
    reason: str | None,
    late: bool,
    by: str,
    tell_patient: bool = True,
) -> Appointment:
    """Cancel a locked appointment."""
    appointment.cancel(reason, by)
    return record_change(
        session, actor, appointment, AppointmentCancelled, reason=reason, late=late, by=by, tell_patient=tell_patient
    )


def check_not_late(appointment: Appointment, part: str) -> None:
    """Refuse a patient within 24 hours of a booked appointment."""
    if part == "patient" and appointment.is_late(clock.now()):
        raise LATE_CANCEL()


def forget_reasons(session: Session, patient_id: UUID) -> None:
    """Delete all texts about the appointments of an erased patient."""
    of_patient = Appointment.patient_id == patient_id
    texts = (Appointment.reason, Appointment.status_reason, Appointment.overbook_reason)
    written = or_(*(text.is_not(None) for text in texts))
    session.execute(update(Appointment).where(of_patient, written).values(dict.fromkeys(texts)))
    change = AppointmentChange
    told = or_(change.reason.is_not(None), change.former_reason.is_not(None))
    of_visits = change.appointment_id.in_(select(Appointment.id).where(of_patient))
    session.execute(update(change).where(of_visits, told).values(reason=None, former_reason=None))
