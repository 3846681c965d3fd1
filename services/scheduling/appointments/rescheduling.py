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
    visit = lock_with_people(
        session, actor, command.appointment_id, *WHOSE, others=() if command.doctor_id is None else (command.doctor_id,)
    )
    part, to = side_of(actor, visit, *WHOSE), visit.doctor_id if command.doctor_id is None else command.doctor_id
    _check_part(visit, part, to, command.overbook_reason)
    visit.check_movable()
    if command.overbook_reason is None and _is_there_already(visit, to, command.starts_at):
        return visit
    appointments.check_not_late(visit, part)
    openings.check_time(command.starts_at)
    overbooked = command.overbook_reason is not None
    request = SlotRequest(to, visit.patient_id, command.starts_at, visible_to(part, actor.person), visit.id, overbooked)
    slot, before = _new_slot(session, visit, part, request, command.minutes), facts_of(visit)
    with refusing_conflicts(session, request, slot.ends_at):
        visit.reschedule(to, slot, command.overbook_reason)
        if part == "patient":
            visit.ask(clock.now())
        else:
            visit.agree()
    return record_move(session, actor, visit, before, command.overbook_reason)


def _check_part(visit: Appointment, part: str, doctor_id: UUID, overbook_reason: str | None) -> None:
    """Refuse what a doctor or a patient may not change."""
    appointments.only_desk_overbooks(part, overbook_reason)
    if part == "doctor" and doctor_id != visit.doctor_id:
        raise DESK_ONLY("A doctor gives no visit to another doctor: the desk does.")


def _is_there_already(visit: Appointment, doctor_id: UUID, starts_at: datetime) -> bool:
    """Return whether the appointment already has this time and doctor."""
    return visit.status != "displaced" and (visit.doctor_id, visit.starts_at) == (doctor_id, starts_at)


def _new_slot(session: Session, visit: Appointment, part: str, request: SlotRequest, minutes: int | None) -> Slot:
    """Return the new slot. Only a move of a booked appointment by its patient counts as one more request."""
    _check_doctor(session, visit, request.doctor_id)
    if part == "patient" and visit.status == "booked":
        return openings.requested_slot(session, request)
    return openings.bookable_slot(session, request, minutes)


def _check_doctor(session: Session, visit: Appointment, doctor_id: UUID) -> None:
    """Refuse unless the doctor is available."""
    check_not_own(session, doctor_id, visit.patient_id)
    if doctor_id == visit.doctor_id:
        appointments.must_have_doctor(session, visit)


def change(session: Session, actor: Actor, command: ChangeAppointment) -> Appointment:
    """Change doctor, time, place or reason. A new doctor or time books the appointment."""
    facts = command.given()
    del facts["appointment_id"]
    others = (command.doctor_id,) if command.doctor_id else ()
    visit = lock_with_people(session, actor, command.appointment_id, "desk", others=others)
    visit.check_movable()
    news = {name: value for name, value in facts.items() if getattr(visit, name) != value}
    before = facts_of(visit)
    is_to_be_agreed = visit.status != "booked" and bool(facts.keys() & WHEN_AND_WHO)
    if is_to_be_agreed or news.keys() & WHEN_AND_WHO:
        _move(session, visit, command)
    elif news:
        visit.describe(news)
    return record_move(session, actor, visit, before) if news or is_to_be_agreed else visit


def _move(session: Session, visit: Appointment, to: ChangeAppointment) -> None:
    """Set the new time and doctor. The place is the given one, or the place of the slot."""
    doctor_id, starts_at = _given(to.doctor_id, visit.doctor_id), _given(to.starts_at, visit.starts_at)
    openings.check_time(starts_at)
    _check_doctor(session, visit, doctor_id)
    request = SlotRequest(doctor_id, visit.patient_id, starts_at, moved=visit.id)
    slot = openings.bookable_slot(session, request)
    with refusing_conflicts(session, request, slot.ends_at):
        visit.reason = _given(to.reason, visit.reason)
        visit.reschedule(doctor_id, slot._replace(place=_given(to.place, slot.place)), None)
        visit.agree()


def _given(value: T | Omitted, otherwise: T) -> T:
    """Return the value of a field, or the other one if the field was omitted."""
    return otherwise if isinstance(value, Omitted) else value


def facts_of(visit: Appointment) -> dict[str, object]:
    """Return the parts of an appointment before a change, for `record_move`."""
    return {name: getattr(visit, name) for name in AppointmentPart}


def record_move(
    session: Session, actor: Actor, visit: Appointment, before: Mapping[str, object], reason: str | None = None
) -> Appointment:
    """Record the parts that differ from `before`, and the former doctor if the doctor changed."""
    former = {name: value for name, value in before.items() if getattr(visit, name) != value}
    names, by = list(former), appointments.acting_side(actor, visit)
    session.note(details={"changed": names})
    facts = {"status": visit.status, "former_doctor_id": former.get("doctor_id"), "changed": names, "by": by}
    return record_change(session, actor, visit, AppointmentRescheduled, former=former, reason=reason, **facts)
