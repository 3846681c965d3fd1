"""Backgrounds: what the interpretation of a value needs to know, in one statement for all tests of an order."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import cast
from uuid import UUID

from sqlalchemy import Column, ColumnElement, ScalarSelect, Table, bindparam, func, literal_column, select

from chassis import clock
from chassis.persistence.database import AnyRow, Session
from chassis.persistence.tables import Moment
from contracts.clinical.labs.states import ResultStatus
from services.clinical.critical_limits.queries import in_force
from services.clinical.directory.people import NAME
from services.clinical.lab_catalogue.rules import Limits
from services.clinical.labs.views import PUBLISHED
from services.clinical.models.critical_limits import LIMIT
from services.clinical.models.directory import PERSON
from services.clinical.models.labs import LabResult, OrderedTest, Specimen
from services.clinical.models.patients import PATIENT

TEST, SPECIMEN = cast("Table", OrderedTest.__table__), cast("Table", Specimen.__table__)
RESULT = cast("Table", LabResult.__table__)
OBSERVED_AT = func.coalesce(bindparam("observed_at", type_=Moment()), SPECIMEN.c.collected_at, type_=Moment())
AUTHOR = select(NAME).where(PERSON.c.id == bindparam("author_id")).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Previous:
    """The last published value before a measurement."""

    value: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Background:
    """The facts about a test and its patient. `observed_at` is the time of the collection."""

    test: OrderedTest
    observed_at: datetime
    birth_date: date | None
    sex: str | None
    limits: Limits
    previous: Previous | None
    author_name: str | None
    """The name of the caller."""


def _previous(column: Column[object]) -> ScalarSelect[object]:
    """Select a column of the last published result before the measurement. The literals let a partial index match."""
    published: list[ColumnElement[str]] = [literal_column(f"'{status}'") for status in PUBLISHED]
    return (
        select(column)
        .where(RESULT.c.patient_id == TEST.c.patient_id, RESULT.c.code == TEST.c.code, RESULT.c.test_id != TEST.c.id)
        .where(RESULT.c.superseded_by.is_(None), RESULT.c.status.in_(published))
        .where(RESULT.c.status != literal_column(f"'{ResultStatus.ENTERED_IN_ERROR}'"))
        .where(RESULT.c.observed_at < OBSERVED_AT)
        .order_by(RESULT.c.observed_at.desc())
        .limit(1)
        .scalar_subquery()
    )


BACKGROUNDS = (
    select(
        *TEST.c,
        OBSERVED_AT.label("observed_at"),
        PATIENT.c.birth_date,
        PATIENT.c.sex,
        LIMIT.c.low,
        LIMIT.c.high,
        _previous(RESULT.c.value).label("previous_value"),
        _previous(RESULT.c.observed_at).label("previous_at"),
        AUTHOR.label("author_name"),
    )
    .outerjoin_from(TEST, SPECIMEN, SPECIMEN.c.number == TEST.c.specimen_number)
    .outerjoin(PATIENT, PATIENT.c.id == TEST.c.patient_id)
    .outerjoin(
        LIMIT,
        (LIMIT.c.patient_id == TEST.c.patient_id)
        & (LIMIT.c.test == TEST.c.code)
        & in_force(bindparam("now", type_=Moment())),
    )
    .where(TEST.c.order_id == bindparam("order_id"))
    .order_by(TEST.c.position)
)


def read(
    session: Session, order_id: UUID, author_id: UUID, observed_at: datetime | None = None
) -> Mapping[UUID, Background]:
    """Return the background of each test of an order, by its id. `observed_at` replaces the time of the collection."""
    values = {"order_id": order_id, "author_id": author_id, "observed_at": observed_at, "now": clock.now()}
    return {row.id: _background(row) for row in session.rows(BACKGROUNDS, values)}


def _background(row: AnyRow) -> Background:
    return Background(
        OrderedTest(**{column.key: getattr(row, column.key) for column in TEST.c}),
        row.observed_at,
        row.birth_date,
        row.sex,
        Limits(row.low, row.high),
        None if row.previous_value is None else Previous(row.previous_value, row.previous_at),
        row.author_name,
    )
