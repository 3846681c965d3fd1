"""Clinical rows that are never changed or deleted: a guard in the ORM, and a trigger in PostgreSQL.

A change is a new row with a higher version. The old row only learns its successor.
"""

from typing import ClassVar, TypeVar, cast
from uuid import UUID

from sqlalchemy import Connection, Table, event, inspect, update
from sqlalchemy.orm import DeclarativeBase, Mapped, Mapper, ORMExecuteState, mapped_column
from sqlalchemy.orm import Session as OrmSession

from chassis.persistence.database import Session
from chassis.refusals import STALE

FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - TG_ARGV[0] = to_jsonb(NEW) - TG_ARGV[0] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
"""The trigger function. Its argument names the only column that may change."""


def trigger_of(table: str, changing: str = "") -> str:
    """Return the statement that protects a table in PostgreSQL. `changing` is the only column that may change."""
    return (
        f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION refuse_change('{changing}')"
    )


class AppendOnly:
    """A row that is never changed or deleted."""

    changing: ClassVar[frozenset[str]] = frozenset()
    """The columns that may change."""


class Version(AppendOnly):
    """One version of a record. `id` names the record in all its versions."""

    changing: ClassVar[frozenset[str]] = frozenset({"superseded_by"})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    """1 for the first version."""
    superseded_by: Mapped[int | None]
    """The version that replaced this version; null for the current version."""


V = TypeVar("V", bound=Version)


def values_of(row: AppendOnly) -> dict[str, object]:
    """Return the columns of a row, by name."""
    return {column.key: getattr(row, column.key) for column in _table(type(row)).c}


def successor_of(current: V, **changes: object) -> V:
    """Return the next version of a record, which differs in these columns, without adding it."""
    following = {"version": current.version + 1, "superseded_by": None}
    return type(current)(**values_of(current) | following | changes)


def _table(model: type[AppendOnly]) -> Table:
    return cast("Table", cast("type[DeclarativeBase]", model).__table__)


def supersede(session: Session, current: Version) -> None:
    """Mark the current version as replaced by the next version, which the caller adds.

    Refuses with `stale` if another change was faster.
    """
    table = _table(type(current))
    is_current = (table.c.id == current.id) & (table.c.version == current.version) & table.c.superseded_by.is_(None)
    change = update(table).where(is_current).values(superseded_by=current.version + 1)
    if session.one(change.returning(table.c.version)) is None:
        raise STALE(revision=current.version + 1)


@event.listens_for(AppendOnly, "before_update", propagate=True)
def _refuse_update(_mapper: Mapper["AppendOnly"], _connection: Connection, row: AppendOnly) -> None:
    changed = {found.key for found in inspect(row).attrs if found.history.has_changes()}
    if not changed <= row.changing:
        raise TypeError(f"{type(row).__name__} is append-only: add a new version")


@event.listens_for(AppendOnly, "before_delete", propagate=True)
def _refuse_delete(_mapper: Mapper["AppendOnly"], _connection: Connection, row: AppendOnly) -> None:
    raise TypeError(f"{type(row).__name__} is append-only: it is never deleted")


@event.listens_for(OrmSession, "do_orm_execute")
def _refuse_bulk_change(state: ORMExecuteState) -> None:
    """Refuse UPDATE and DELETE statements on the mapped classes. `supersede` works on the table."""
    mapper = state.bind_mapper
    if (state.is_update or state.is_delete) and mapper is not None and issubclass(mapper.class_, AppendOnly):
        raise TypeError(f"{mapper.class_.__name__} is append-only: add a new version")
