"""Who has which part in a visit, and the locks behind which a visit is moved."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.locks import read_locked
from contracts.roles import DESK, Role
from contracts.scheduling.refusals import NO_SUCH_APPOINTMENT, OWN_VISIT
from services.scheduling.models.appointments import VISIT, Appointment

PEOPLE = select(VISIT.c.doctor_id, VISIT.c.patient_id).where(VISIT.c.id == bindparam("appointment_id"))


def part_of(actor: Actor, visit: Any, *parts: str) -> str:
    """The first of these parts that one has in a visit: `patient`, `desk` or `doctor`.

    The visit's patient has that one alone, whatever else they are.
    """
    if visit is not None:
        has = {"desk": actor.has(DESK), "doctor": actor.has({Role.DOCTOR}) and actor.id == visit.doctor_id}
        if actor.id == visit.patient_id:
            if "patient" not in parts:
                raise OWN_VISIT()
            return "patient"
        for part in parts:
            if has.get(part):
                return part
    raise NO_SUCH_APPOINTMENT()


def locked(session: Session, actor: Actor, appointment_id: UUID, *parts: str) -> Appointment:
    """A visit that one has a part in, locked, for a move that takes nobody's time. NotFound; Stale."""
    visit = session.get(Appointment, appointment_id, with_for_update=True)
    part_of(actor, visit, *parts)
    assert visit is not None  # noqa: S101  for the type checker: else there is no part in it
    session.call.expects(visit.revision)
    return visit


def held(
    session: Session, actor: Actor, appointment_id: UUID, *parts: str, others: tuple[UUID, ...] = ()
) -> Appointment:
    """The same, behind the locks of doctor, patient and `others`: for a move that keeps the visit active.

    The constraints check such a visit again. Without these locks, the check and a booking could wait for each other.
    NotFound; Stale.
    """

    def people() -> tuple[UUID, ...]:
        visit = session.one(PEOPLE, {"appointment_id": appointment_id})
        part_of(actor, visit, *parts)
        assert visit is not None  # noqa: S101  for the type checker: else there is no part in it
        return *visit, *others

    return read_locked(
        session,
        people=people,
        read=lambda: locked(session, actor, appointment_id, *parts),
        people_of=lambda visit: (visit.doctor_id,),
    )
