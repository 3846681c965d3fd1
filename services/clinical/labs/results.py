"""Enter and correct results."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import LAB_TECHNICIAN
from contracts.clinical.labs.commands import CorrectLabResult, UploadLabTest
from contracts.clinical.labs.events import LabResultCorrected
from contracts.clinical.labs.refusals import NO_SUCH_LAB_RESULT, RESULT_WITHDRAWN
from contracts.clinical.labs.states import LabPriority, LabStatus, ResultStatus
from services.clinical import settings
from services.clinical.attachments.commands import add_report
from services.clinical.care.access import must_care
from services.clinical.lab_catalogue import catalogue
from services.clinical.labs import access, interpretation, orders, steps, versions, views
from services.clinical.labs.interpretation import Measured
from services.clinical.labs.verification import alert_if_critical
from services.clinical.models.labs import LabOrder, LabResult, OrderedTest, Specimen
from services.clinical.patients.rules import invalid_field


def upload(session: Session, actor: Actor, command: UploadLabTest) -> dict[str, object]:
    """Enter results of received tests, or results of an outside laboratory. Verification publishes them."""
    order, measured = (_of_order if command.order_id else _without_order)(session, actor, command)
    report_id = command.report and add_report(session, actor, order.patient_id, command.report)
    found = _add(session, actor, order, measured, comment=command.comment, report_id=report_id)
    steps.record(session, actor, order.id, LabStatus.RESULTED)
    session.note(record_id=order.id)
    shown = views.results(session, found)
    return {"order_id": order.id, "status": order.status, "results": shown, "revision": order.revision}


def _of_order(session: Session, _actor: Actor, command: UploadLabTest) -> tuple[LabOrder, list[Measured]]:
    """Mark tests of an order as resulted; return the order and the values."""
    if command.order_id is None:
        raise TypeError("results of an order name it")
    order = access.locked(session, command.order_id)
    tests = order.result([given.test for given in command.results])
    return order, _measured(tests, command, _collections(session, tests))


def _without_order(session: Session, actor: Actor, command: UploadLabTest) -> tuple[LabOrder, list[Measured]]:
    """Add an order for results of an outside laboratory; return the order and the values."""
    patient_id, collected_at = command.patient_id, command.collected_at
    if patient_id is None or collected_at is None:
        raise TypeError("results without an order name the patient and the time of the collection")
    must_care(session, actor, patient_id, LAB_TECHNICIAN)
    if collected_at > clock.now():
        raise invalid_field("collected_at", "Must not be in the future.")
    known = catalogue.current()
    tests = [known.test(given.test) for given in command.results]
    order = orders.new(patient_id, tests, LabStatus.RESULTED, LabPriority.ROUTINE, laboratory=command.laboratory)
    session.add(order)
    session.flush()
    return order, _measured(order.tests, command, {test.id: collected_at for test in order.tests})


def _measured(tests: list[OrderedTest], command: UploadLabTest, times: Mapping[UUID, datetime]) -> list[Measured]:
    """Return the values of the tests, which are in the order of the command."""
    pairs = zip(tests, command.results, strict=True)
    return [Measured(test, given.value, given.unit, times[test.id]) for test, given in pairs]


def _collections(session: Session, tests: Iterable[OrderedTest]) -> Mapping[UUID, datetime]:
    """Return the time of the collection of each test's specimen."""
    numbers = {test.id: test.specimen_number for test in tests}
    query = select(Specimen.number, Specimen.collected_at).where(Specimen.number.in_(numbers.values()))
    times = {row.number: row.collected_at for row in session.execute(query)}
    return {test_id: times[number] for test_id, number in numbers.items()}


def _add(session: Session, actor: Actor, order: LabOrder, measured: list[Measured], **facts: object) -> list[LabResult]:
    """Add the first version of each result."""
    interpreted = interpretation.interpret(session, order.patient_id, measured)
    found = [
        LabResult(
            id=uuid7(),
            version=1,
            order_id=order.id,
            test_id=each.test.id,
            patient_id=order.patient_id,
            code=each.test.code,
            name=each.test.name,
            status=ResultStatus.RESULTED,
            author_id=actor.person,
            recorded_at=clock.now(),
            **{**columns, **facts},
        )
        for each, columns in zip(measured, interpreted, strict=True)
    ]
    session.add_all(found)
    return found


def correct(session: Session, actor: Actor, command: CorrectLabResult) -> dict[str, object]:
    """Correct a value. A published value is replaced at once, and patient and doctor are notified."""
    order, current = _locked(session, command.result_id)
    if current.status == ResultStatus.ENTERED_IN_ERROR:
        raise RESULT_WITHDRAWN()
    if settings.current().lab_two_persons:
        current.must_be_by_another(actor.person)
    test = next(test for test in order.tests if test.id == current.test_id)
    measured = Measured(test, command.value, current.unit, current.observed_at)
    (columns,) = interpretation.interpret(session, order.patient_id, [measured])
    author = {"author_id": actor.person, "recorded_at": clock.now(), "reason": command.reason}
    status = ResultStatus.CORRECTED if current.is_published else ResultStatus.RESULTED
    corrected = versions.replace(session, current, **columns, **author, status=status)
    if corrected.is_published:
        _publish(session, actor, order, corrected)
    return views.results(session, [corrected])[0]


def _locked(session: Session, result_id: UUID) -> tuple[LabOrder, LabResult]:
    """Lock the order of a result; return both."""
    versions_of = select(LabResult).where(LabResult.id == result_id, LabResult.superseded_by.is_(None))
    order_id = session.scalar(select(LabResult.order_id).where(LabResult.id == result_id).limit(1))
    order = None if order_id is None else access.find(session, order_id, lock=True)
    if order is None:
        raise NO_SUCH_LAB_RESULT()
    current = session.scalars(versions_of).one()
    session.call.expects(current.version)
    return order, current


def _publish(session: Session, actor: Actor, order: LabOrder, corrected: LabResult) -> None:
    versions.enter(session, actor, corrected)
    steps.record(session, actor, order.id, LabStatus.VERIFIED, reason=corrected.reason)
    ids = orders.ids_of(order)
    session.publish(LabResultCorrected(**ids, result_id=corrected.id, version=corrected.version))
    alert_if_critical(session, order, corrected)
