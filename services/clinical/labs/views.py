"""Orders and results as callers see them: with the names of people, and with the values that a caller may see."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from chassis.persistence.database import Session
from contracts.clinical.labs.states import ResultStatus
from services.clinical.directory.people import names_of
from services.clinical.models.append_only import values_of
from services.clinical.models.labs import LabOrder, LabResult, OrderedTest
from services.clinical.models.patients import Patient

PUBLISHED = (ResultStatus.VERIFIED, ResultStatus.CORRECTED)
Names = Mapping[UUID, str]
Results = Mapping[UUID, LabResult]


def results_of(session: Session, tests: Iterable[UUID], *, inside: bool) -> dict[UUID, LabResult]:
    """Return the current result of each test, by the id of the test. Only the laboratory sees unverified results."""
    states = (*PUBLISHED, ResultStatus.RESULTED) if inside else PUBLISHED
    query = select(LabResult).where(LabResult.test_id.in_(list(tests)), LabResult.superseded_by.is_(None))
    return {result.test_id: result for result in session.scalars(query.where(LabResult.status.in_(states)))}


def order(session: Session, found: LabOrder, *, inside: bool = False) -> dict[str, object]:
    """Return one order."""
    return orders(session, [found], inside=inside)[0]


def orders(
    session: Session, found: Sequence[LabOrder], *, inside: bool = False, with_values: bool = True
) -> list[dict[str, object]]:
    """Return orders with their results, in two statements."""
    ids = [test.id for each in found for test in each.tests]
    results = results_of(session, ids, inside=inside) if with_values and ids else {}
    names = _names(session, [each.doctor_id for each in found], results.values())
    return [_order(each, results, names) for each in found]


def work(
    session: Session, found: Sequence[LabOrder], *, inside: bool, with_values: bool = True
) -> list[dict[str, object]]:
    """Return orders as the laboratory sees them, each with its patient."""
    query = select(Patient).where(Patient.id.in_([each.patient_id for each in found]), Patient.erased_at.is_(None))
    patients = {patient.id: patient for patient in session.scalars(query)}
    shown = orders(session, found, inside=inside, with_values=with_values)
    return [{**each, "patient": patients.get(order.patient_id)} for each, order in zip(shown, found, strict=True)]


def tests_of_patient(session: Session, tests: Sequence[OrderedTest]) -> list[dict[str, object]]:
    """Return tests with their verified results, in three statements. Pending tests show their state."""
    known = select(LabOrder).where(LabOrder.id.in_({test.order_id for test in tests}))
    placed = {each.id: each for each in session.scalars(known)} if tests else {}
    results = results_of(session, [test.id for test in tests], inside=False) if tests else {}
    names = _names(session, [each.doctor_id for each in placed.values()], results.values())
    return [{**_test(test, results, names), **_placed(placed[test.order_id], names)} for test in tests]


def result(session: Session, found: LabResult) -> dict[str, object]:
    """Return a version of a result."""
    return result_with(found, _names(session, [], [found]))


def _names(session: Session, doctors: Iterable[UUID | None], found: Iterable[LabResult]) -> Names:
    people = {person for result in found for person in (result.author_id, result.verified_by)}
    return names_of(session, {*doctors, *people})


def _placed(found: LabOrder, names: Names) -> dict[str, object]:
    return {"doctor_name": _name(names, found.doctor_id), "ordered_at": found.ordered_at}


def _order(found: LabOrder, results: Results, names: Names) -> dict[str, object]:
    columns = ("id", "patient_id", "doctor_id", "priority", "reason", "laboratory", "status", "status_reason")
    facts = {name: getattr(found, name) for name in (*columns, "revision")}
    return {**facts, **_placed(found, names), "tests": [_test(test, results, names) for test in found.tests]}


def _test(test: OrderedTest, results: Results, names: Names) -> dict[str, object]:
    facts = {name: getattr(test, name) for name in ("id", "order_id", "name", "specimen", "status", "accession")}
    result = results.get(test.id)
    return {**facts, "test": test.code, "result": None if result is None else result_with(result, names)}


def result_with(result: LabResult, names: Names) -> dict[str, object]:
    """Return a version of a result, with these names of people."""
    people = {"author_name": _name(names, result.author_id), "verifier_name": _name(names, result.verified_by)}
    return {**values_of(result), **people, "test": result.code, "revision": result.version, "delta": result.delta}


def _name(names: Names, person: UUID | None) -> str | None:
    return None if person is None else names.get(person)
