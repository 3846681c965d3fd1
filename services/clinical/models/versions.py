"""Signed versions: rows of a chart with the author, the time and the reason of each version."""

from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import String, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.persistence.database import Session
from services.clinical.models.append_only import Version, supersede

V = TypeVar("V", bound="SignedVersion")


class SignedVersion(Version):
    """One version of a record in a patient's chart, with its author."""

    patient_id: Mapped[UUID]
    author_id: Mapped[UUID]
    recorded_at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(500))
    """The reason of the change; null for the first version."""


def table_of(model: type[SignedVersion]) -> Table:
    """Return the table of a mapped class of versions."""
    return cast("Table", cast("type[DeclarativeBase]", model).__table__)


def next_version(session: Session, current: V, **changes: Any) -> V:
    """Add the next version, which differs from the current version in these columns.

    Refuses with `stale` if another change was faster.
    """
    supersede(session, current)
    columns = table_of(type(current)).c
    values = {column.key: getattr(current, column.key) for column in columns} | changes
    added = type(current)(**values | {"version": current.version + 1, "superseded_by": None})
    session.add(added)
    session.flush()
    return added
