"""The staff: copies of what auth says about who works here, and as what."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import StaffApproved
from contracts.roles import STAFF
from contracts.scheduling.refusals import NO_SUCH_STAFF
from contracts.scheduling.shifts.swaps import OTHER_ROLE
from services.scheduling.models.directory import LEFT, StaffRole


def remember(session: Session, _actor: Actor, event: StaffApproved) -> None:
    """A person has, or still has, a role of the staff, unless what is known is newer."""
    if event.role in STAFF:
        _keep(session, event.user_id, event.role)


def dismiss(session: Session, actor: Actor, *, user_id: UUID, role: str) -> None:
    """A person has lost a role. Which ones are left auth says afterwards, by `staff_approved` of each."""
    if role in STAFF:
        suspend(session, actor, user_id=user_id)


def suspend(session: Session, _actor: Actor, *, user_id: UUID) -> None:
    """A person works here no more, until approved again. Written of anybody: an approval may come later than this."""
    _keep(session, user_id, LEFT)


def _keep(session: Session, user_id: UUID, role: str) -> None:
    """What auth says of a person is numbered through, so the last word is known in whatever order it is heard."""
    facts = {"person_id": user_id, "role": role, "changed_by": session.call.heard.sequence}
    keep(session, StaffRole, "person_id role", "changed_by", **facts)


def must_work_here(session: Session, person_id: UUID) -> None:
    """Refuse unless the person is one of the staff now: word of a new role may be under way."""
    if not roles_of(session, person_id).get(person_id):
        raise NO_SUCH_STAFF.not_yet()


def must_share_a_role(session: Session, *people: UUID) -> None:
    """Refuse unless all people have a role in common now. No wait: the caller has seen the colleague in a list."""
    roles = roles_of(session, *people)
    if not all(roles.get(one) for one in people):
        raise NO_SUCH_STAFF()
    if not set.intersection(*roles.values()):
        raise OTHER_ROLE()


def roles_of(session: Session, *people: UUID) -> dict[UUID, set[str]]:
    """The roles of each of whom auth has said anything: those that it has named since they last left, if ever."""
    query = select(StaffRole.person_id, StaffRole.role, StaffRole.changed_by).where(StaffRole.person_id.in_(people))
    named = defaultdict[UUID, dict[str, int]](dict)
    for person_id, role, changed_by in session.execute(query):
        named[person_id][role] = changed_by
    return {one: {role for role, at in said.items() if at > said.get(LEFT, 0)} for one, said in named.items()}
