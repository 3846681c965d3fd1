"""Visits that get another time, another doctor or another place: each keeps its id, and counts one revision more."""

from datetime import datetime
from typing import Any
from uuid import UUID

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.commands import DESK_ONLY, ChangeAppointment, RescheduleAppointment
from contracts.scheduling.appointments.events import AppointmentRescheduled
from contracts.scheduling.appointments.history import AppointmentPart
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import openings
from services.scheduling.appointments.access import held, part_of
from services.scheduling.appointments.commands import changed
from services.scheduling.appointments.conflicts import Wish, check_not_own, settling, told
from services.scheduling.models.appointments import Appointment
from services.scheduling.rules import Slot

WHOSE = ("patient", "desk", "doctor")
WHEN_AND_WHO = frozenset({"doctor_id", "starts_at"})


def reschedule(session: Session, actor: Actor, command: RescheduleAppointment) -> Appointment:
    """Move a visit to another time, perhaps of another doctor: a patient asks for it; the desk and the doctor do it."""
    visit = held(
        session, actor, command.appointment_id, *WHOSE, others=() if command.doctor_id is None else (command.doctor_id,)
    )
    part, to = part_of(actor, visit, *WHOSE), visit.doctor_id if command.doctor_id is None else command.doctor_id
    _check_part(visit, part, to, command.overbook_reason)
    visit.check_movable()
    if command.overbook_reason is None and _is_there_already(visit, to, command.starts_at):
        return visit
    appointments.not_late(visit, part)
    openings.check_time(command.starts_at)
    overbooked = command.overbook_reason is not None
    wish = Wish(to, visit.patient_id, command.starts_at, told(part, actor.person), visit.id, overbooked)
    slot, before = _new_slot(session, visit, part, wish, command.minutes), facts_of(visit)
    with settling(session, wish, slot.ends_at):
        visit.reschedule(to, slot, command.overbook_reason)
        if part == "patient":
            visit.ask(clock.now())
        else:
            visit.agree()
    return moved(session, actor, visit, before, command.overbook_reason)


def _check_part(visit: Appointment, part: str, doctor_id: UUID, overbook_reason: str | None) -> None:
    """Refuse what a doctor or a patient may not do with the appointment."""
    appointments.only_desk_overbooks(part, overbook_reason)
    if part == "doctor" and doctor_id != visit.doctor_id:
        raise DESK_ONLY("A doctor gives no visit to another doctor: the desk does.")


def _is_there_already(visit: Appointment, doctor_id: UUID, starts_at: datetime) -> bool:
    """Whether it is, or is asked for, at that time of that doctor."""
    return visit.status != "displaced" and (visit.doctor_id, visit.starts_at) == (doctor_id, starts_at)


def _new_slot(session: Session, visit: Appointment, part: str, wish: Wish, minutes: int | None) -> Slot:
    """The slot that a visit moves to. Of what is a request already, or was displaced, there is not one request more."""
    _check_doctor(session, visit, wish.doctor_id)
    if part == "patient" and visit.status == "booked":
        return openings.slot_asked(session, wish)
    return openings.slot_given(session, wish, minutes)


def _check_doctor(session: Session, visit: Appointment, doctor_id: UUID) -> None:
    """Who is to keep the visit can be visited."""
    check_not_own(session, doctor_id, visit.patient_id)
    if doctor_id == visit.doctor_id:
        appointments.must_have_doctor(session, visit)


def change(session: Session, actor: Actor, command: ChangeAppointment) -> Appointment:
    """Give a visit another `doctor_id`, `starts_at`, `place` or `reason`. Who names doctor or time agrees to it."""
    facts = command.given()
    del facts["appointment_id"]
    others = (facts["doctor_id"],) if "doctor_id" in facts else ()
    visit = held(session, actor, command.appointment_id, "desk", others=others)
    visit.check_movable()
    news = {name: value for name, value in facts.items() if getattr(visit, name) != value}
    before = facts_of(visit)
    is_to_be_agreed = visit.status != "booked" and bool(facts.keys() & WHEN_AND_WHO)
    if is_to_be_agreed or news.keys() & WHEN_AND_WHO:
        _move(session, visit, facts)
    elif news:
        visit.describe(news)
    return moved(session, actor, visit, before) if news or is_to_be_agreed else visit


def _move(session: Session, visit: Appointment, facts: dict[str, Any]) -> None:
    """The visit is at another time or another doctor's; its place is what is said, or that of the new slot."""
    doctor_id, starts_at = facts.get("doctor_id", visit.doctor_id), facts.get("starts_at", visit.starts_at)
    openings.check_time(starts_at)
    _check_doctor(session, visit, doctor_id)
    wish = Wish(doctor_id, visit.patient_id, starts_at, moved=visit.id)
    slot = openings.slot_given(session, wish)
    place = facts.get("place", slot.place)
    with settling(session, wish, slot.ends_at):
        visit.reason = facts.get("reason", visit.reason)
        visit.reschedule(doctor_id, Slot(slot.starts_at, slot.ends_at, place), None)
        visit.agree()


def facts_of(visit: Appointment) -> dict[str, Any]:
    """What `moved` is to compare with, of a visit that is about to move."""
    return {name: getattr(visit, name) for name in AppointmentPart}


def moved(
    session: Session, actor: Actor, visit: Appointment, before: dict[str, Any], reason: str | None = None
) -> Appointment:
    """Say what of a visit is not as it was `before`, and who has lost it if its doctor is another one."""
    names = [name for name, former in before.items() if getattr(visit, name) != former]
    lost = {name: before[name] if name in names else None for name in ("doctor_id", "reason")}
    session.note(details={"changed": names})
    facts: dict[str, Any] = {"names": names, "former_reason": lost["reason"], "reason": reason}
    facts |= {"status": visit.status, "former_doctor_id": lost["doctor_id"], "changed": names}
    by = appointments.by_whom(actor, visit)
    return changed(session, actor, visit, AppointmentRescheduled, by=by, **facts)
