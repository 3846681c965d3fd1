"""Who has which part in a visit, and the locks behind which a visit is moved."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.roles import DESK, Role
from contracts.scheduling.refusals import NO_SUCH_APPOINTMENT, OWN_VISIT
from services.scheduling.appointments import openings
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
    """The same behind the locks of its people, and of `others`, for a move after which it still takes their time.

    The constraints look at such a visit again, and so would wait for a booking that waits for it. Who the people are is
    read before. When it is another doctor's by the time that the locks are there, all are let go, and taken anew: one
    more lock, out of turn, would wait for somebody who waits for these. NotFound; Stale.
    """
    people = session.core.execute(PEOPLE, {"appointment_id": appointment_id}).one_or_none()
    part_of(actor, people, *parts)
    assert people is not None  # noqa: S101  for the type checker: else there is no part in it
    if not session.is_postgresql:
        return locked(session, actor, appointment_id, *parts)
    session.later("SAVEPOINT held", ())
    session.lock(*(openings.lock_of(person) for person in {*people, *others}))
    visit = locked(session, actor, appointment_id, *parts)
    if visit.doctor_id in (people.doctor_id, *others):
        session.later("RELEASE SAVEPOINT held", ())
        return visit
    session.core.exec_driver_sql("ROLLBACK TO SAVEPOINT held")
    session.expunge(visit)
    return held(session, actor, appointment_id, *parts, others=others)
