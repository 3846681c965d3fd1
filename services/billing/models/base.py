"""The base class of billing's tables."""

from datetime import datetime
from typing import ClassVar, TypedDict

from sqlalchemy import TextClause, text
from sqlalchemy.orm import DeclarativeBase

from chassis.persistence.tables import Moment, new_metadata


class Partial(TypedDict):
    """Options that make an index partial, for each database."""

    postgresql_where: TextClause
    sqlite_where: TextClause


def _where(condition: str) -> Partial:
    """Return options that make an index partial on both databases."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


class Base(DeclarativeBase):
    """Base of billing's tables."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = {datetime: Moment}
