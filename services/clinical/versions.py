"""Versions of records in a chart: write the first and the next, and read the current and all of them."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from chassis.refusals import NOT_FOUND
from contracts.clinical.versions import ALREADY_IN_ERROR
from services.clinical.directory import people
from services.clinical.models.append_only import successor_of, supersede, values_of
from services.clinical.models.directory import PERSON
from services.clinical.models.versions import SignedVersion

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase

V = TypeVar("V", bound=SignedVersion)
IN_ERROR = "entered_in_error"
"""The status of a record that is a mistake, whatever its noun."""


def add_first(session: Session, actor: Actor, model: type[V], patient_id: UUID, **columns: object) -> V:
    """Add the first version of a new record by the caller, now."""
    signed = {"patient_id": patient_id, "author_id": actor.person, "recorded_at": clock.now()}
    return _added(session, model(**signed | {"id": uuid7(), "version": 1} | columns))


def add_next(session: Session, actor: Actor, current: V, reason: str | None, **changes: object) -> V:
    """Add the next version by the caller, now. It differs from the current version in these columns.

    Refuses with `stale` if another change was faster.
    """
    following = next_of(actor, current, reason, **changes)
    supersede(session, current)
    return _added(session, following)


def next_of(actor: Actor, current: V, reason: str | None, **changes: object) -> V:
    """Return the next version, without adding it, for rules that check the result of a change."""
    signed = {"author_id": actor.person, "recorded_at": clock.now(), "reason": reason}
    return successor_of(current, **signed | changes)


def _added(session: Session, row: V) -> V:
    session.add(row)
    session.flush()
    return row


def amendable(session: Session, model: type[V], patient_id: UUID, record_id: UUID) -> V:
    """Return the current version of a patient's record, for a change.

    Refuses a revision that the caller has not seen, and a record that was entered in error.
    """
    named = (model.id == record_id, model.patient_id == patient_id, model.superseded_by.is_(None))
    found = session.scalar(select(model).where(*named))
    if found is None:
        raise NOT_FOUND()
    session.call.expects(found.version)
    if found.status == IN_ERROR:
        raise ALREADY_IN_ERROR()
    return found


def shown(session: Session, row: SignedVersion) -> Mapping[str, object]:
    """Return a version with the name of its author, as views show it."""
    return shown_all(session, [row])[0]


def shown_all(session: Session, rows: Sequence[SignedVersion]) -> list[Mapping[str, object]]:
    """Return versions with the names of their authors, as views show them, with one statement for the names."""
    names = people.names_of(session, (row.author_id for row in rows))
    return [values_of(row) | {"revision": row.version, "author_name": names.get(row.author_id)} for row in rows]


def page_of_current(
    session: Session,
    model: type[SignedVersion],
    patient_id: UUID,
    *conditions: ColumnElement[bool],
    limit: int,
    cursor: str | None,
    **filters: object,
) -> Page:
    """List the records of a patient in their current versions, newest first, in one statement. None filters nothing."""
    columns = _table(model).c
    query = _signed(model).where(columns.patient_id == patient_id, columns.superseded_by.is_(None), *conditions)
    query = query.where(*(columns[name] == value for name, value in filters.items() if value is not None))
    return page(session, query, (columns.id,), limit=limit, cursor=cursor)


def with_versions(
    session: Session, model: type[SignedVersion], patient_id: UUID, record_id: UUID
) -> Mapping[str, object]:
    """Return the current version of a patient's record, with all `versions`, oldest first, in one statement."""
    columns = _table(model).c
    named = (columns.id == record_id, columns.patient_id == patient_id)
    rows = session.rows(_signed(model).where(*named).order_by(columns.version))
    if not rows:
        raise NOT_FOUND()
    return {**rows[-1]._mapping, "versions": rows}  # noqa: SLF001  the public name of SQLAlchemy's row mapping


def _signed(model: type[SignedVersion]) -> Select[*tuple[Any, ...]]:
    """Select all columns of the versions, with revision and name of the author."""
    table = _table(model)
    shown_columns = (*table.c, table.c.version.label("revision"), people.NAME.label("author_name"))
    return select(*shown_columns).outerjoin_from(table, PERSON, PERSON.c.id == table.c.author_id)


def _table(model: type[SignedVersion]) -> Table:
    return cast("Table", cast("type[DeclarativeBase]", model).__table__)
