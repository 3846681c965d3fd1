"""Cursors: the values of a sort key as one opaque word, and back."""

import base64
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import TypeVar, cast
from uuid import UUID

import orjson

T = TypeVar("T")
LARGEST = 2**31 - 1
"""Of PostgreSQL's integers; no list is ordered by a larger number."""


def encoded(*values: object) -> str:
    """The cursor of the rows after the row with this sort key."""
    return base64.urlsafe_b64encode(orjson.dumps(values)).decode().rstrip("=")


def decoded(cursor: str, kinds: Iterable[type[T]]) -> list[T]:
    """The values in a cursor, each of its kind. ValueError: the cursor is forged, or of another list."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        return [cast("T", _native(value, kind)) for value, kind in zip(values, kinds, strict=True)]
    except (TypeError, OverflowError) as error:
        raise ValueError from error


def _native(value: object, kind: type) -> object:
    text = value if isinstance(value, str) else ""
    if kind is datetime:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    if kind is date:
        return date.fromisoformat(text)
    if kind is UUID:
        return UUID(text)
    if not isinstance(value, kind) or "\0" in text or (isinstance(value, int) and abs(value) > LARGEST):
        raise ValueError  # No database could compare such a value.
    return value
