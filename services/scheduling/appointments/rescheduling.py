"""Use cases that change time, doctor, place or reason. The appointment keeps its id."""

from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.commands import DESK_ONLY, ChangeAppointment, RescheduleAppointment
from contracts.scheduling.appointments.events import AppointmentRescheduled
from contracts.scheduling.appointments.history import AppointmentPart
from records.fields import Omitted
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import openings
from services.scheduling.appointments.access import lock_with_people, side_of
from services.scheduling.appointments.commands import record_change
from services.scheduling.appointments.conflicts import SlotRequest, check_not_own, refusing_conflicts, visible_to
from services.scheduling.models.appointments import Appointment
from services.scheduling.rules import Slot

T = TypeVar("T")
WHOSE = ("patient", "desk", "doctor")
WHEN_AND_WHO = frozenset({"doctor_id", "starts_at"})


def reschedule(session: Session, actor: Actor, command: RescheduleAppointment) -> Appointment:
    """Move an appointment to another time or doctor. A patient's move is a request; the desk and the doctor book it."""
    appointment = lock_with_people(
        session, actor, command.appointment_id, *WHOSE, others=() if command.doctor_id is None else (command.doctor_id,)
    )
    part, to = (
        side_of(actor, appointment, *WHOSE),
        appointment.doctor_id if command.doctor_id is None else command.doctor_id,
    )
    _check_part(appointment, part, to, command.overbook_reason)
    appointment.check_movable()
    if command.overbook_reason is None and _is_there_already(appointment, to, command.starts_at):
        return appointment
    appointments.check_not_late(appointment, part)
    openings.check_time(command.starts_at)
    overbooked = command.overbook_reason is not None
    request = SlotRequest(
        to, appointment.patient_id, command.starts_at, visible_to(part, actor.person), appointment.id, overbooked
    )
    slot, before = _new_slot(session, appointment, part, request, command.minutes), facts_of(appointment)
    with refusing_conflicts(session, request, slot.ends_at):
        appointment.reschedule(to, slot, command.overbook_reason)
        if part == "patient":
            appointment.ask(clock.now())
        else:
            appointment.agree()
    return record_move(session, actor, appointment, before, command.overbook_reason)


def _check_part(appointment: Appointment, part: str, doctor_id: UUID, overbook_reason: str | None) -> None:
    """Refuse what a doctor or a patient may not change."""
    appointments.only_desk_overbooks(part, overbook_reason)
    if part == "doctor" and doctor_id != appointment.doctor_id:
        raise DESK_ONLY("A doctor gives no visit to another doctor: the desk does.")


def _is_there_already(appointment: Appointment, doctor_id: UUID, starts_at: datetime) -> bool:
    """Return whether the appointment already has this time and doctor."""
    return appointment.status != "displaced" and (appointment.doctor_id, appointment.starts_at) == (
        doctor_id,
        starts_at,
    )


def _new_slot(session: Session, appointment: Appointment, part: str, request: SlotRequest, minutes: int | None) -> Slot:
    """Return the new slot. Only a move of a booked appointment by its patient counts as one more request."""
    _check_doctor(session, appointment, request.doctor_id)
    if part == "patient" and appointment.status == "booked":
        return openings.requested_slot(session, request)
    return openings.bookable_slot(session, request, minutes)


def _check_doctor(session: Session, appointment: Appointment, doctor_id: UUID) -> None:
    """Refuse unless the doctor is available."""
    check_not_own(session, doctor_id, appointment.patient_id)
    if doctor_id == appointment.doctor_id:
        appointments.must_have_doctor(session, appointment)


def change(session: Session, actor: Actor, command: ChangeAppointment) -> Appointment:
    """Change doctor, time, place or reason. A new doctor or time books the appointment."""
    facts = command.given()
    del facts["appointment_id"]
    others = (command.doctor_id,) if command.doctor_id else ()
    appointment = lock_with_people(session, actor, command.appointment_id, "desk", others=others)
    appointment.check_movable()
    news = {name: value for name, value in facts.items() if getattr(appointment, name) != value}
    before = facts_of(appointment)
    is_to_be_agreed = appointment.status != "booked" and bool(facts.keys() & WHEN_AND_WHO)
    if is_to_be_agreed or news.keys() & WHEN_AND_WHO:
        _move(session, appointment, command)
    elif news:
        appointment.describe(news)
    return record_move(session, actor, appointment, before) if news or is_to_be_agreed else appointment


def _move(session: Session, appointment: Appointment, to: ChangeAppointment) -> None:
    """Set the new time and doctor. The place is the given one, or the place of the slot."""
    doctor_id, starts_at = _given(to.doctor_id, appointment.doctor_id), _given(to.starts_at, appointment.starts_at)
    openings.check_time(starts_at)
    _check_doctor(session, appointment, doctor_id)
    request = SlotRequest(doctor_id, appointment.patient_id, starts_at, moved=appointment.id)
    slot = openings.bookable_slot(session, request)
    with refusing_conflicts(session, request, slot.ends_at):
        appointment.reason = _given(to.reason, appointment.reason)
        appointment.reschedule(doctor_id, slot._replace(place=_given(to.place, slot.place)), None)
        appointment.agree()


def _given(value: T | Omitted, otherwise: T) -> T:
    """Return the value of a field, or the other one if the field was omitted."""
    return otherwise if isinstance(value, Omitted) else value


def facts_of(appointment: Appointment) -> dict[str, object]:
    """Return the parts of an appointment before a change, for `record_move`."""
    return {name: getattr(appointment, name) for name in AppointmentPart}


def record_move(
    session: Session, actor: Actor, appointment: Appointment, before: Mapping[str, object], reason: str | None = None
) -> Appointment:
    """Record the parts that differ from `before`, and the former doctor if the doctor changed."""
    former = {name: value for name, value in before.items() if getattr(appointment, name) != value}
    names, by = list(former), appointments.acting_side(actor, appointment)
    session.note(details={"changed": names})
    facts = {"status": appointment.status, "former_doctor_id": former.get("doctor_id"), "changed": names, "by": by}
    return record_change(session, actor, appointment, AppointmentRescheduled, former=former, reason=reason, **facts)
