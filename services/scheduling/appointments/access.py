"""Who takes which side in an appointment, and the locks for changing it."""

from typing import Protocol
from uuid import UUID

from sqlalchemy import bindparam, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.locks import read_locked
from contracts.roles import DESK, Role
from contracts.scheduling.refusals import NO_SUCH_APPOINTMENT, OWN_VISIT
from services.scheduling.models.appointments import VISIT, Appointment

PEOPLE = select(VISIT.c.doctor_id, VISIT.c.patient_id).where(VISIT.c.id == bindparam("appointment_id"))


class People(Protocol):
    """The people of an appointment."""

    doctor_id: UUID
    patient_id: UUID


def side_of(actor: Actor, appointment: People | None, *parts: str) -> str:
    """Return the first of these sides that the actor has: `patient`, `desk` or `doctor`.

    The appointment's patient acts only as the patient.
    """
    if appointment is not None:
        has = {"desk": actor.has(DESK), "doctor": actor.has({Role.DOCTOR}) and actor.id == appointment.doctor_id}
        if actor.id == appointment.patient_id:
            if "patient" not in parts:
                raise OWN_VISIT()
            return "patient"
        for part in parts:
            if has.get(part):
                return part
    raise NO_SUCH_APPOINTMENT()


def lock(session: Session, actor: Actor, appointment_id: UUID, *parts: str) -> Appointment:
    """Lock an appointment for a change that takes no time of other people. Refuses with not_found or stale."""
    appointment = session.get(Appointment, appointment_id, with_for_update=True)
    side_of(actor, appointment, *parts)
    assert appointment is not None  # noqa: S101  for the type checker: else there is no part in it
    session.call.expects(appointment.revision)
    return appointment


def lock_with_people(
    session: Session, actor: Actor, appointment_id: UUID, *parts: str, others: tuple[UUID, ...] = ()
) -> Appointment:
    """Lock an appointment behind the locks of its people and of `others`, for changes that keep it active.

    The constraints check such an appointment again. Without these locks, the check and a booking could wait for each
    other. Refuses with not_found or stale.
    """

    def people() -> tuple[UUID, ...]:
        appointment = session.one(PEOPLE, {"appointment_id": appointment_id})
        side_of(actor, appointment, *parts)
        assert appointment is not None  # noqa: S101  for the type checker: else there is no part in it
        return *appointment, *others

    return read_locked(
        session,
        people=people,
        read=lambda: lock(session, actor, appointment_id, *parts),
        people_of=lambda appointment: (appointment.doctor_id,),
    )
