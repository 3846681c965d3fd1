"""Names of people: copies of the names of accounts, which auth owns."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import case, literal, select

from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import UserRegistered, UserUpdated
from services.clinical.models.directory import AFTER_ALL_EVENTS, PERSON, Person

FORMER_STAFF = "former member of staff"
"""Shown instead of the name of an erased person."""
NAME = case((PERSON.c.name == "", literal(FORMER_STAFF)), else_=PERSON.c.name)


def copy_name(session: Session, event: UserRegistered | UserUpdated) -> None:
    """Copy the name of an account, unless the copy is newer."""
    sequence = session.call.heard.sequence
    keep(session, Person, "id", "changed_by", id=event.user_id, name=event.name, changed_by=sequence)


def erase(session: Session, person_id: UUID) -> None:
    """Empty the name for ever. `user_erased` is public, and public and internal events are numbered separately."""
    keep(session, Person, "id", "changed_by", id=person_id, name="", changed_by=AFTER_ALL_EVENTS)


def names_of(session: Session, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Return the names of those people that auth has published, in one statement."""
    known = set(ids) - {None}
    query = select(PERSON.c.id, NAME.label("name")).where(PERSON.c.id.in_(known))
    return {row.id: row.name for row in session.rows(query)} if known else {}


def name_of(session: Session, person_id: UUID | None) -> str | None:
    """Return the name of a person, or None until auth has published it."""
    return None if person_id is None else names_of(session, [person_id]).get(person_id)
