"""Copies of facts that another service owns, fed by its events, which come twice, late, and in any order."""

from typing import Any

from sqlalchemy import Table, bindparam, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from chassis.persistence.database import Session

INSERTS: dict[str, Any] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def if_new(table: Table, *left_out: str) -> dict[str, Any]:
    """By dialect: insert a row, without these columns, unless its key exists. A row comes back if it was inserted."""
    values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.c if column.name not in left_out}
    return {
        dialect: insert(table).values(values).on_conflict_do_nothing().returning(literal_column("1"))
        for dialect, insert in INSERTS.items()
    }


def keep(session: Session, model: type[DeclarativeBase], keys: str, version: str, **facts: Any) -> bool:
    """Write a copy unless what is known is as new; whether it was written. One statement, so that two do not race.

    `keys` are the columns that say of what the copy is, with blanks between them; `version` is the one that grows with
    each change at the owner.
    """
    copy = INSERTS[session.get_bind().dialect.name](model).values(facts)
    statement = copy.on_conflict_do_update(
        index_elements=keys.split(),
        set_={name: copy.excluded[name] for name in facts if name not in keys.split()},
        where=getattr(model, version) < copy.excluded[version],
    )
    return session.execute(statement.returning(getattr(model, version))).first() is not None
