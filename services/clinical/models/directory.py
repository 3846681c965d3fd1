"""Copies of the names of accounts, which auth owns."""

from typing import cast
from uuid import UUID

from sqlalchemy import BigInteger, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from services.clinical.models.base import Base

AFTER_ALL_EVENTS = 2**63 - 1
"""A sequence that no event reaches: the copy of an erased person's name never changes again."""


class Person(Base):
    """A copy of the name of an account. The name of an erased person is empty."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event of auth, so that a stale event never wins."""


PERSON = cast("Table", Person.__table__)
