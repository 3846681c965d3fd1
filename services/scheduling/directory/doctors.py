"""The directory of doctors: copies of approved doctors, which auth owns."""

from uuid import UUID

from sqlalchemy import Row, delete, func, select

from chassis.contract import Page
from chassis.errors import NotFound, NotYet
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from chassis.persistence.upserts import keep
from contracts.auth.events import DoctorApproved
from contracts.roles import DESK
from contracts.scheduling.availability import GetDoctor, ListDoctors
from contracts.scheduling.refusals import NO_SUCH_DOCTOR
from services.scheduling.models.availability import AvailabilityRule, TimeOff
from services.scheduling.models.directory import DOCTOR, PERSON, Doctor

FORMER_DOCTOR = "former doctor"
"""Shown instead of the name of an erased doctor."""
_ACCOUNT = PERSON.alias("account_of_doctor")
_ACCOUNT_NAME = select(func.nullif(_ACCOUNT.c.name, "")).where(_ACCOUNT.c.id == DOCTOR.c.id).correlate(DOCTOR)
NAMED = (
    func.coalesce(func.nullif(DOCTOR.c.name, ""), _ACCOUNT_NAME.scalar_subquery(), FORMER_DOCTOR).label("doctor_name"),
    func.nullif(DOCTOR.c.specialization, "").label("doctor_specialization"),
)
"""The columns that show a doctor in a list: a deactivated doctor by the name of the account."""


def on_doctor_approved(session: Session, _actor: Actor, event: DoctorApproved) -> None:
    """Copy an approved doctor, unless the copy is newer."""
    _keep(
        session,
        event.doctor_id,
        name=event.name,
        specialization=event.specialization,
        is_active=True,
        left_at=None,
    )


def _keep(session: Session, doctor_id: UUID, **facts: object) -> bool:
    """Write the copy. The sequence of auth's events decides, in any order of delivery."""
    return keep(session, Doctor, "id", "changed_by", id=doctor_id, changed_by=session.call.heard.sequence, **facts)


def suspend(session: Session, _actor: Actor, *, user_id: UUID) -> bool:
    """Take a doctor out of the directory, until auth approves the doctor again.

    Returns whether the event is newer than the copy. The row is also written for people who are no doctors, because
    the approval may be delivered later. Appointments show the name of the account (`people`).
    """
    facts = {"name": "", "specialization": "", "is_active": False, "left_at": session.call.heard.occurred_at}
    return _keep(session, user_id, **facts)


def delete_availability(session: Session, doctor_id: UUID) -> None:
    """Delete the weekly hours and times off of an erased doctor."""
    for model in (AvailabilityRule, TimeOff):
        session.execute(delete(model).where(model.doctor_id == doctor_id))


def listing(session: Session, _actor: Actor, query: ListDoctors) -> Page:
    """List the directory by name. SQLite ignores case only for ASCII letters."""
    statement = select(Doctor.id, Doctor.name, Doctor.specialization).where(Doctor.is_active)
    if query.ids is not None:
        statement = statement.where(Doctor.id.in_(query.ids))
    if query.name is not None:
        statement = statement.where(Doctor.name.icontains(query.name, autoescape=True))
    if query.specialization is not None:
        statement = statement.where(func.lower(Doctor.specialization) == func.lower(query.specialization))
    return page(
        session, statement, (Doctor.name, Doctor.id), limit=query.limit, cursor=query.cursor, newest_first=False
    )


def get(session: Session, actor: Actor, query: GetDoctor) -> Row[UUID, str, str]:
    """Get one doctor of the directory."""
    statement = select(Doctor.id, Doctor.name, Doctor.specialization).where(
        Doctor.id == query.doctor_id, Doctor.is_active
    )
    found = session.execute(statement).first()
    if found is None:
        raise missing(actor, query.doctor_id)
    return found


def missing(actor: Actor, doctor_id: UUID) -> NotFound:
    """Return the refusal for a doctor who is not in the directory: NotYet for the desk and for the doctor.

    An admin may have approved the doctor a moment ago. Other callers have the id from the directory, so they do not
    wait.
    """
    may_know = actor.has(DESK) or actor.id == doctor_id
    return (NotYet if may_know else NotFound)("not_found", "There is no such doctor.")


def must_exist(session: Session, doctor_id: UUID) -> None:
    """Refuse with NotYet unless the doctor is available."""
    check(session.scalar(select(Doctor.is_active).where(Doctor.id == doctor_id)))


def check(is_active: bool | None) -> None:  # noqa: FBT001  a column
    """Refuse with NotYet unless a doctor is available. For changes by doctors and admins."""
    if not is_active:
        raise NO_SUCH_DOCTOR.not_yet()
