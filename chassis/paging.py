"""Lists, page by page: keyset paging, whose cost does not grow with the page's number.

The cursor is the sort key of the last row, opaque to clients. A changed one can only move the window within what the
query lets the caller see anyway.
"""

import base64
import binascii
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, literal, tuple_

from chassis.contract import Page
from chassis.database import Session
from chassis.errors import Invalid


def page(
    session: Session,
    query: Select[*tuple[Any, ...]],
    keys: tuple[Any, ...],
    *,
    limit: int,
    cursor: str | None,
    newest_first: bool = True,
    whole: bool = False,
) -> Page:
    """One page of a query by these columns, which must be unique together. `whole` rows are ORM objects, not tuples.

    Invalid: `bad_cursor`.
    """
    if cursor is not None:
        place = tuple_(*(_literal(key, value) for key, value in zip(keys, _decoded(cursor, keys), strict=True)))
        query = query.where(tuple_(*keys) < place if newest_first else tuple_(*keys) > place)
    query = query.order_by(*(key.desc() if newest_first else key.asc() for key in keys)).limit(limit + 1)
    rows = list(session.scalars(query) if whole else session.execute(query))
    more = len(rows) > limit
    return Page(rows[:limit], _encoded(rows[limit - 1], keys) if more else None)


def _literal(key: Any, value: Any) -> ColumnElement[Any]:
    return literal(value, key.type)


def _encoded(row: Any, keys: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([getattr(row, key.key) for key in keys])).decode().rstrip("=")


def _decoded(cursor: str, keys: tuple[Any, ...]) -> list[Any]:
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [_native(value, key.type.python_type) for value, key in zip(values, keys, strict=True)]
    except (ValueError, TypeError, binascii.Error):
        raise Invalid("bad_cursor", "The cursor is not one of ours.", {"errors": {"cursor": ["Not valid."]}}) from None


def _native(value: Any, kind: type) -> Any:
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment
    if kind is date:
        return date.fromisoformat(value)
    return UUID(value) if kind is UUID else kind(value)
