"""The staff: copies of what auth says about who works here."""

from uuid import UUID

from sqlalchemy import select

from chassis.copies import keep
from chassis.database import Session
from chassis.errors import NotFound
from chassis.identity import Actor
from contracts.roles import STAFF
from services.scheduling.rota_models import StaffMember


def remember(session: Session, actor: Actor, *, user_id: UUID, role: str) -> None:
    """A person has, or still has, a role of the staff, unless what is known is newer."""
    if role in STAFF:
        _keep(session, actor, user_id, is_active=True)


def dismiss(session: Session, actor: Actor, *, user_id: UUID, role: str) -> None:
    """A person has lost a role. Which ones are left auth says afterwards, by `staff_approved` of each."""
    if role in STAFF:
        suspend(session, actor, user_id=user_id)


def suspend(session: Session, actor: Actor, *, user_id: UUID) -> None:
    """A person works here no more, until approved again. Written of anybody: an approval may come later than this."""
    _keep(session, actor, user_id, is_active=False)


def _keep(session: Session, actor: Actor, user_id: UUID, *, is_active: bool) -> None:
    """What auth says of a person is numbered through, so the last word is known in whatever order it is heard."""
    assert actor.origin is not None  # noqa: S101  events have one
    keep(session, StaffMember, "id", "changed_by", id=user_id, is_active=is_active, changed_by=actor.origin.sequence)


def must_work_here(session: Session, *people: UUID) -> None:
    """NotFound unless each of them is one of the staff now."""
    query = select(StaffMember.id).where(StaffMember.id.in_(people), StaffMember.is_active)
    if set(session.scalars(query)) != set(people):
        raise NotFound("not_found", "There is no such person in the staff.")
