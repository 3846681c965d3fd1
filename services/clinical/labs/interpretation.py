"""The interpretation of measured values: the range of this patient, the flag, and the change since the last result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Row, and_, func, or_, select

from chassis import config
from chassis.persistence.database import Session
from services.clinical.critical_limits import queries as critical_limits
from services.clinical.lab_catalogue import catalogue
from services.clinical.lab_catalogue import rules as catalogue_rules
from services.clinical.lab_catalogue.rules import Limits
from services.clinical.labs import rules
from services.clinical.labs.views import PUBLISHED
from services.clinical.models.labs import LabResult, OrderedTest
from services.clinical.models.patients import Patient


@dataclass(frozen=True, slots=True)
class Measured:
    """A value of one test. `observed_at` is the collection of its specimen."""

    test: OrderedTest
    value: Decimal
    unit: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Previous:
    """The last published value before a measurement."""

    value: Decimal
    at: datetime


def interpret(session: Session, patient_id: UUID, measured: Sequence[Measured]) -> list[dict[str, object]]:
    """Return the columns of each value's result, in three statements. All values are of one patient."""
    patient = session.execute(select(Patient.birth_date, Patient.sex).where(Patient.id == patient_id)).one_or_none()
    limits = critical_limits.in_force(session, patient_id, [each.test.code for each in measured])
    previous = _previous(session, patient_id, measured)
    return [_columns(patient, each, previous.get(each.test.code), limits.get(each.test.code)) for each in measured]


def _columns(
    patient: Row[date | None, str] | None, measured: Measured, previous: Previous | None, limit: Limits | None
) -> dict[str, object]:
    known, code, zone = catalogue.current(), measured.test.code, config.current().hospital_timezone
    age = rules.age_in_days(patient.birth_date if patient else None, measured.observed_at, zone)
    sex = patient.sex if patient else None
    found = catalogue_rules.interpret(known, code, measured.value, measured.unit, sex, age, limit)
    limits = {name: getattr(found, name) for name in ("value", "low", "high", "critical_low", "critical_high", "flag")}
    return {
        **limits,
        "unit": measured.unit,
        "observed_at": measured.observed_at,
        **_delta(measured, found.value, previous),
    }


def _delta(measured: Measured, value: Decimal, previous: Previous | None) -> dict[str, object]:
    test, at = catalogue.current().test(measured.test.code), measured.observed_at
    hit = previous and catalogue_rules.delta(test, previous.value, previous.at, value, at)
    return {
        "previous_value": hit.previous_value if hit else None,
        "previous_at": hit.previous_at if hit else None,
    }


def _previous(session: Session, patient_id: UUID, measured: Sequence[Measured]) -> Mapping[str, Previous]:
    """Return the last published value of each test before the measurement, in one statement."""
    earlier = or_(
        *(and_(LabResult.code == each.test.code, LabResult.observed_at < each.observed_at) for each in measured)
    )
    place = func.row_number().over(partition_by=LabResult.code, order_by=LabResult.observed_at.desc())
    ranked = (
        select(LabResult.code, LabResult.value, LabResult.observed_at, place.label("place"))
        .where(LabResult.patient_id == patient_id, LabResult.superseded_by.is_(None), LabResult.status.in_(PUBLISHED))
        .where(LabResult.test_id.not_in([each.test.id for each in measured]), earlier)
        .subquery()
    )
    rows = session.execute(select(ranked).where(ranked.c.place == 1))
    return {row.code: Previous(row.value, row.observed_at) for row in rows}
