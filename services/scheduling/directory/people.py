"""Names of people: copies of the names of accounts, which auth owns."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, case, literal, select
from sqlalchemy.orm import DeclarativeBase

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.events import UserRegistered, UserUpdated
from services.scheduling.directory import patients
from services.scheduling.listings import LookUp
from services.scheduling.models.directory import AFTER_ALL_EVENTS, PERSON, Person

FORMER_STAFF = "former member of staff"
"""Shown instead of the name of an erased person."""


def on_user_changed(session: Session, actor: Actor, event: UserRegistered | UserUpdated) -> None:
    """Copy the name of an account, and admit its owner as a patient if the account has had the patient role."""
    sequence = session.call.heard.sequence
    keep(session, Person, "id", "changed_by", id=event.user_id, name=event.name, changed_by=sequence)
    patients.on_user_changed(session, actor, event)


def erase(session: Session, person_id: UUID) -> None:
    """Empty the name for ever. `user_erased` is public, and public and internal events are numbered separately."""
    keep(session, Person, "id", "changed_by", id=person_id, name="", changed_by=AFTER_ALL_EVENTS)


def named(key: str) -> LookUp:
    """Show the name of the person in the column `key` of a list: `owner_id` gives `owner_name`."""
    return LookUp(key, PERSON, [_shown_name(PERSON).label(name_label(key))])


def name_label(key: str) -> str:
    """Return the name of the field that shows the person in the column `key`."""
    return f"{key.removesuffix('_id')}_name"


def _shown_name(person: FromClause) -> ColumnElement[str]:
    return case((person.c.name == "", literal(FORMER_STAFF)), else_=person.c.name)


def names_of(session: Session, *ids: UUID | None) -> dict[UUID, str]:
    """Return the names of those people that auth has published, in one statement."""
    query = select(PERSON.c.id, _shown_name(PERSON).label("name")).where(PERSON.c.id.in_(set(ids)))
    return {row.id: row.name for row in session.rows(query)} if ids else {}


def with_names(session: Session, row: DeclarativeBase, *keys: str) -> dict[str, Any]:
    """Return a row with the names of the people in its columns `keys`, in one statement."""
    names = names_of(session, *(getattr(row, key) for key in keys))
    own = {column.key: getattr(row, column.key) for column in row.__mapper__.columns}
    return {**own, **{name_label(key): names.get(getattr(row, key)) for key in keys}}
