"""Appointments: asked for, agreed, kept or not, and what is said of each change."""

from collections.abc import Sequence
from datetime import timedelta
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
from services.scheduling.appointments.access import held, locked, part_of
from services.scheduling.appointments.conflicts import Wish, check_not_own, settling, told
from services.scheduling.directory import patients
from services.scheduling.models.appointments import PRESENT, Appointment, AppointmentChange
from services.scheduling.models.directory import Doctor
from services.scheduling.rules import Slot

MET = (*PRESENT, "fulfilled")
"""The states of visits for which the patient has been there."""
KNOWN_FOR = timedelta(days=365)
"""How long after a visit its doctor may give the patient another one."""


def book(session: Session, actor: Actor, command: BookAppointment) -> Appointment:
    """Reserve the doctor's time for the patient: a patient asks for it; the desk and the doctor have it at once."""
    part = _part_in_booking(session, actor, command.doctor_id, command.patient_id)
    only_desk_overbooks(part, command.overbook_reason)
    openings.check_time(command.starts_at)
    check_not_own(session, command.doctor_id, command.patient_id)
    session.lock_people(command.doctor_id, command.patient_id)
    wish = Wish(
        command.doctor_id,
        command.patient_id,
        command.starts_at,
        told(part, actor.person),
        overbooked=command.overbook_reason is not None,
    )
    if part == "patient":
        slot = openings.slot_asked(session, wish)
        visit = _new(slot, wish, status="requested", requested_at=clock.now(), reason=command.reason)
    else:
        patients.must_live(session, command.patient_id)
        slot = openings.slot_given(session, wish, command.minutes)
        visit = _new(slot, wish, status="booked", overbook_reason=command.overbook_reason, reason=command.reason)
    with settling(session, wish, slot.ends_at):
        session.insert(visit)
    if part == "patient":
        return changed(session, actor, visit, AppointmentRequested, names=())
    return _agreed(session, actor, visit, names=(), reason=command.overbook_reason)


def _new(slot: Slot, wish: Wish, **facts: Any) -> Appointment:
    return Appointment(
        id=uuid7(),
        doctor_id=wish.doctor_id,
        patient_id=wish.patient_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        place=slot.place,
        overbooked=wish.overbooked,
        first_call=False,
        revision=1,
        created_at=clock.now(),
        **facts,
    )


def _part_in_booking(session: Session, actor: Actor, doctor_id: UUID, patient_id: UUID) -> str:
    """On whose part one books: whoever books for themselves does so as a patient.

    A doctor books those who have been there, for a visit with this doctor whose time was in the last year: a visit
    opens the chart, and nobody is to open it for themselves, with one that is begun months before its time.
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
    """Refuse overbooking by a caller who is not the desk."""
    if overbook_reason is not None and part != "desk":
        raise DESK_ONLY()


def changed(
    session: Session,
    actor: Actor,
    visit: Appointment,
    event: type[AppointmentEvent],
    *,
    names: Sequence[str] = ("status",),
    former_reason: str | None = None,
    reason: str | None = None,
    **more: Any,
) -> Appointment:
    """Write into the history what the visit has become, and why, and tell the world what more the event says.

    `names` are those of `CHANGES` that are not as they were; `former_reason` is why the patient came until now.
    """
    facts = {name: getattr(visit, name) for name in ("revision", "doctor_id", "starts_at", "ends_at")}
    session.append(
        AppointmentChange,
        appointment_id=visit.id,
        status=visit.status,
        changed=names,
        place=visit.place,
        overbooked=visit.overbooked,
        former_reason=former_reason,
        reason=reason,
        actor_id=actor.id,
        at=clock.now(),
        **facts,
    )
    session.publish(event(appointment_id=visit.id, patient_id=visit.patient_id, **facts, **more))
    open_appointments.publish_change(session, visit)
    return visit


def by_whom(actor: Actor, visit: Appointment) -> str:
    """On whose part one acts: the visit's `patient`, its `doctor`, or else the `desk`, which is the hospital's."""
    if actor.id == visit.patient_id:
        return "patient"
    return "doctor" if actor.id == visit.doctor_id else "desk"


def _agreed(session: Session, actor: Actor, visit: Appointment, **more: Any) -> Appointment:
    """Say that a visit is booked, by whom, and whether beside the doctor's hours or other visits."""
    by = by_whom(actor, visit)
    return changed(session, actor, visit, AppointmentBooked, by=by, overbooked=visit.overbooked, **more)


def displace(session: Session, actor: Actor, visit: Appointment, *, reason: str | None) -> None:
    """The doctor cannot keep a visit, which is locked: the patient needs another time."""
    visit.displace(clock.now(), reason)
    changed(session, actor, visit, AppointmentDisplaced, reason=reason)


def accept(session: Session, actor: Actor, command: AcceptAppointment) -> Appointment:
    """The doctor agrees to the visit."""
    visit = held(session, actor, command.appointment_id, "doctor")
    visit.accept(clock.now())
    return _agreed(session, actor, visit)


def reject(session: Session, actor: Actor, command: RejectAppointment) -> Appointment:
    """The doctor does not agree to the visit."""
    visit = locked(session, actor, command.appointment_id, "doctor")
    visit.reject(command.reason)
    return changed(session, actor, visit, AppointmentRejected, reason=command.reason)


def arrive(session: Session, actor: Actor, command: MarkArrived) -> Appointment:
    """The patient is at the desk: one who was thought to be missing takes the people's time again, if it is free."""
    visit = held(session, actor, command.appointment_id, "desk")
    people = visit.doctor_id, visit.patient_id
    wish = Wish(*people, visit.starts_at, moved=visit.id, overbooked=visit.overbooked)
    if visit.status == "no_show":
        must_have_doctor(session, visit)
        openings.check_free(session, wish, visit.ends_at)
    with settling(session, wish, visit.ends_at):
        visit.arrive(clock.now())
    return changed(session, actor, visit, PatientArrived)


def must_have_doctor(session: Session, visit: Appointment) -> None:
    """Refuse when the visit's own doctor cannot be visited now."""
    if session.scalar(select(Doctor.id).where(Doctor.id == visit.doctor_id, Doctor.is_active)) is None:
        raise DOCTOR_GONE()


def start(session: Session, actor: Actor, command: StartVisit) -> Appointment:
    """The doctor begins the visit."""
    visit = held(session, actor, command.appointment_id, "doctor")
    visit.start(clock.now())
    return changed(session, actor, visit, VisitStarted)


def complete(session: Session, actor: Actor, command: CompleteVisit) -> Appointment:
    """The doctor ends the visit."""
    visit = locked(session, actor, command.appointment_id, "doctor")
    visit.complete()
    return changed(session, actor, visit, VisitCompleted)


def miss(session: Session, actor: Actor, command: MarkNoShow) -> Appointment:
    """The patient has not come."""
    visit = locked(session, actor, command.appointment_id, "desk", "doctor")
    visit.miss(clock.now())
    return changed(session, actor, visit, AppointmentMissed)


def cancel(session: Session, actor: Actor, command: CancelAppointment) -> Appointment:
    """Call the visit off: whoever calls off their own does so as its patient.

    The desk calls off one whose patient is there too, who left without being seen, or that was begun by mistake.
    """
    visit = locked(session, actor, command.appointment_id, "patient", "desk")
    by, late = part_of(actor, visit, "patient", "desk"), visit.is_late(clock.now())
    not_late(visit, by)
    return call_off(session, actor, visit, reason=command.reason, late=late, by=by)


def call_off(
    session: Session,
    actor: Actor,
    visit: Appointment,
    *,
    reason: str | None,
    late: bool,
    by: str,
    tell_patient: bool = True,
) -> Appointment:
    """A visit, which is locked, does not take place."""
    visit.cancel(reason, by)
    return changed(
        session, actor, visit, AppointmentCancelled, reason=reason, late=late, by=by, tell_patient=tell_patient
    )


def not_late(visit: Appointment, part: str) -> None:
    """Refuse a patient within 24 hours of an agreed visit."""
    if part == "patient" and visit.is_late(clock.now()):
        raise LATE_CANCEL()


def forget_reasons(session: Session, patient_id: UUID) -> None:
    """Drop what was written of an erased patient's visits, by whomever."""
    of_patient = Appointment.patient_id == patient_id
    texts = (Appointment.reason, Appointment.status_reason, Appointment.overbook_reason)
    written = or_(*(text.is_not(None) for text in texts))
    session.execute(update(Appointment).where(of_patient, written).values(dict.fromkeys(texts)))
    change = AppointmentChange
    told = or_(change.reason.is_not(None), change.former_reason.is_not(None))
    of_visits = change.appointment_id.in_(select(Appointment.id).where(of_patient))
    session.execute(update(change).where(of_visits, told).values(reason=None, former_reason=None))
