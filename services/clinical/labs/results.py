"""Enter and correct results."""

from collections.abc import Mapping
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
from services.clinical.labs import access, backgrounds, orders, steps, versions, views
from services.clinical.labs.backgrounds import Background
from services.clinical.labs.interpretation import Measured, interpret
from services.clinical.labs.verification import alert_if_critical
from services.clinical.models.append_only import values_of
from services.clinical.models.labs import LabOrder, LabResult, OrderedTest
from services.clinical.patients.rules import invalid_field
from transports import rows


def upload(session: Session, actor: Actor, command: UploadLabTest) -> dict[str, object]:
    """Enter results of received tests, or results of an outside laboratory. Verification publishes them."""
    order, known = (_of_order if command.order_id else _without_order)(session, actor, command)
    report_id = command.report and add_report(session, actor, order.patient_id, command.report)
    of = {each.test.code: each for each in known.values()}
    measured = [Measured(given.value, given.unit, of[given.test]) for given in command.results]
    found = _add(session, actor, measured, comment=command.comment, report_id=report_id)
    steps.record(session, actor, order.id, LabStatus.RESULTED)
    session.note(record_id=order.id)
    shown = [_shown(result, each.background) for result, each in zip(found, measured, strict=True)]
    return {"order_id": order.id, "status": order.status, "results": shown, "revision": order.revision}


def _of_order(session: Session, actor: Actor, command: UploadLabTest) -> tuple[LabOrder, Mapping[UUID, Background]]:
    """Mark tests of an order as resulted; return the order and the backgrounds of its tests."""
    if command.order_id is None:
        raise TypeError("results of an order name it")
    order = access.locked_row(session, command.order_id)
    known = backgrounds.read(session, order.id, actor.person)
    order.tests = [each.test for each in known.values()]
    tests = order.result([given.test for given in command.results])
    rows.change(session, access.ORDER, [order.id], {"status": order.status, "revision": order.revision})
    rows.change(session, backgrounds.TEST, [test.id for test in tests], {"status": LabStatus.RESULTED})
    return order, known


def _without_order(
    session: Session, actor: Actor, command: UploadLabTest
) -> tuple[LabOrder, Mapping[UUID, Background]]:
    """Add an order for results of an outside laboratory; return it and the backgrounds of its tests."""
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
    return order, backgrounds.read(session, order.id, actor.person, collected_at)


def _add(session: Session, actor: Actor, measured: list[Measured], **facts: object) -> list[LabResult]:
    """Add the first version of each result."""
    found = [_first_version(actor, each.background.test, **interpret(each), **facts) for each in measured]
    rows.add(session, [(backgrounds.RESULT, values_of(result)) for result in found])
    return found


def _first_version(actor: Actor, test: OrderedTest, **facts: object) -> LabResult:
    return LabResult(
        id=uuid7(),
        version=1,
        order_id=test.order_id,
        test_id=test.id,
        patient_id=test.patient_id,
        code=test.code,
        name=test.name,
        status=ResultStatus.RESULTED,
        author_id=actor.person,
        recorded_at=clock.now(),
        **facts,
    )


def _shown(result: LabResult, background: Background) -> dict[str, object]:
    name = background.author_name
    return views.result_with(result, {} if name is None else {result.author_id: name})


def correct(session: Session, actor: Actor, command: CorrectLabResult) -> dict[str, object]:
    """Correct a value. A published value is replaced at once, and patient and doctor are notified."""
    order, current = _locked(session, command.result_id)
    if current.status == ResultStatus.ENTERED_IN_ERROR:
        raise RESULT_WITHDRAWN()
    if settings.current().lab_two_persons:
        current.must_be_by_another(actor.person)
    known = backgrounds.read(session, order.id, actor.person, current.observed_at)
    columns = interpret(Measured(command.value, current.unit, known[current.test_id]))
    author = {"author_id": actor.person, "recorded_at": clock.now(), "reason": command.reason}
    status = ResultStatus.CORRECTED if current.is_published else ResultStatus.RESULTED
    corrected = versions.replace(session, current, **columns, **author, status=status)
    if corrected.is_published:
        _publish(session, actor, order, corrected)
    return views.result(session, corrected)


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
