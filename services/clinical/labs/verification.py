"""Verify results: only then do patient and doctor see them."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.lab_catalogue import LabFlag
from contracts.clinical.labs.commands import VerifyLabOrder
from contracts.clinical.labs.events import LabResultCritical, LabResultReady, LabTestsPerformed
from contracts.clinical.labs.refusals import DELTAS_UNCONFIRMED, SECOND_TECHNICIAN
from contracts.clinical.labs.states import LabStatus, ResultStatus
from contracts.clinical.labs.views import DeltaView
from services.clinical import settings
from services.clinical.critical_alerts.commands import CriticalResult, raise_alert, supersede_alert
from services.clinical.labs import access, orders, steps, versions, views
from services.clinical.models.labs import LabOrder, LabResult


def verify(session: Session, actor: Actor, command: VerifyLabOrder) -> dict[str, object]:
    """Verify the results of an order that the caller may verify, notify patient and doctor, and alert if critical."""
    order = access.locked(session, command.order_id)
    found = _verifiable(session, actor, order)
    _check_deltas(found, command.confirmed_deltas)
    facts = {"status": ResultStatus.VERIFIED, "verified_by": actor.person, "verified_at": clock.now()}
    verified = [versions.replace(session, current, **facts) for current in found]
    order.verify({result.test_id for result in verified})
    steps.record(session, actor, order.id, LabStatus.VERIFIED)
    _publish(session, actor, order, verified)
    session.flush()
    return views.work(session, [order], inside=True)[0]


def _verifiable(session: Session, actor: Actor, order: LabOrder) -> Sequence[LabResult]:
    """Return the unverified results; where two persons are required, those of other technicians."""
    found = versions.unverified(session, [test.id for test in order.tests_to_verify()])
    if not settings.current().lab_two_persons:
        return found
    others = [result for result in found if result.author_id != actor.person]
    if not others:
        raise SECOND_TECHNICIAN()
    return others


def _check_deltas(found: Sequence[LabResult], confirmed: Collection[UUID]) -> None:
    """Refuse unusual changes that the caller has not confirmed."""
    hits = [result for result in found if result.delta is not None and result.id not in confirmed]
    if hits:
        deltas = [{"id": str(hit.id), "test": hit.code, "delta": DeltaView.dump_one(hit.delta)} for hit in hits]
        raise DELTAS_UNCONFIRMED(deltas=deltas)


def _publish(session: Session, actor: Actor, order: LabOrder, verified: Sequence[LabResult]) -> None:
    for result in verified:
        versions.enter(session, actor, result)
        alert_if_critical(session, order, result)
    ids = [result.id for result in verified]
    session.publish(LabResultReady(**orders.ids_of(order), result_ids=ids, is_complete=order.is_complete))
    if order.laboratory is None:
        _charge(session, order, verified)


def _charge(session: Session, order: LabOrder, verified: Sequence[LabResult]) -> None:
    """Let billing charge the tests. A test is verified once: a later correction charges nothing."""
    tests = [result.code for result in verified]
    event = LabTestsPerformed(order_id=order.id, patient_id=order.patient_id, tests=tests, performed_at=clock.now())
    session.publish(event)


def alert_if_critical(session: Session, order: LabOrder, result: LabResult) -> None:
    """Start the ladder of a critical result. The ladder of an earlier version ends."""
    if not LabFlag(result.flag).is_critical:
        supersede_alert(session, result.id)
        return
    session.publish(LabResultCritical(**orders.ids_of(order), result_id=result.id, version=result.version))
    raise_alert(
        session,
        CriticalResult(
            result_id=result.id,
            result_version=result.version,
            order_id=order.id,
            patient_id=result.patient_id,
            doctor_id=order.doctor_id,
            test=result.code,
            name=result.name,
            value=result.value,
            unit=result.unit,
            flag=LabFlag(result.flag),
        ),
    )
