"""Two technicians at the same time: one of them is refused, and nothing happens twice."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import eventlet
import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from chassis.errors import MatronError
from chassis.execution import run as execution
from chassis.persistence.database import Database, Session
from contracts.clinical.labs.states import LabStatus, ResultStatus
from services.clinical.models.labs import LabOrder, LabResult, Specimen
from tests.clinical import lab_factories as lab
from tests.clinical.lab_factories import POTASSIUM, SERUM, SODIUM

THREADS = 8


@pytest.fixture(autouse=True)
def no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Show deadlocks instead of retrying."""
    monkeypatch.setattr(execution, "TRIES", 1)


def _outcome(database: Database, work: Callable[[Session], Any]) -> Any:
    """Run the work in a new transaction. Return `done`, or the code of its refusal."""
    try:
        with database.begin() as session:
            work(session)
    except MatronError as refusal:
        return refusal.code
    return "done"


def _together(database: Database, work: Callable[[Session], Any]) -> Counter[str]:
    """Run the work several times at once in green threads; count the outcomes."""
    with eventlet.Timeout(30):
        threads = [eventlet.spawn(_outcome, database, work) for _ in range(THREADS)]
        return Counter(thread.wait() for thread in threads)


def _prepared(database: Database, prepare: Callable[[Session], Any]) -> Any:
    with database.begin() as session:
        return prepare(session)


def _count(database: Database, *conditions: Any) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(LabResult).where(*conditions)) or 0


def test_concurrent_collections_take_one_specimen(fresh: Database) -> None:
    order_id = _prepared(fresh, lambda session: lab.order(session)["id"])
    outcomes = _together(fresh, lambda session: lab.collect(session, order_id, SERUM))
    with fresh.read() as session:
        assert session.scalar(select(func.count()).select_from(Specimen)) == 1
    assert outcomes == {"done": 1, "lab_not_to_collect": THREADS - 1}


def test_concurrent_collections_of_orders_get_different_numbers(fresh: Database) -> None:
    orders = _prepared(fresh, lambda session: [lab.order(session)["id"] for _ in range(THREADS)])
    waiting, numbers = list(orders), list[str]()

    def collect(session: Session) -> None:
        numbers.append(lab.collect(session, waiting.pop())["accession"])

    assert _together(fresh, collect) == {"done": THREADS}
    assert len(set(numbers)) == THREADS


def test_concurrent_uploads_enter_one_result(fresh: Database) -> None:
    order_id = _prepared(fresh, lambda session: lab.received(session)["id"])
    outcomes = _together(fresh, lambda session: lab.upload(session, order_id))
    assert outcomes == {"done": 1, "lab_results_exist": THREADS - 1}
    assert _count(fresh) == 1


def test_concurrent_uploads_of_parts_complete_the_order(fresh: Database) -> None:
    order_id = _prepared(fresh, lambda session: lab.received(session, None, POTASSIUM, SODIUM)["id"])
    waiting = [POTASSIUM, SODIUM] * (THREADS // 2)
    outcomes = _together(fresh, lambda session: lab.upload(session, order_id, lab.measured(waiting.pop())))
    assert outcomes == {"done": 2, "lab_results_exist": THREADS - 2}
    with fresh.read() as session:
        order = session.scalars(select(LabOrder).options(selectinload(LabOrder.tests))).one()
    assert {order.status, *(test.status for test in order.tests)} == {LabStatus.RESULTED}
    assert order.revision == 5


def test_concurrent_verifications_publish_once(fresh: Database) -> None:
    order_id, _ = _prepared(fresh, lab.resulted)
    outcomes = _together(fresh, lambda session: lab.verify(session, order_id))
    assert outcomes == {"done": 1, "lab_not_resulted": THREADS - 1}
    assert _count(fresh, LabResult.status == ResultStatus.VERIFIED) == 1


def test_concurrent_corrections_each_make_a_version(fresh: Database) -> None:
    _, result_id = _prepared(fresh, lab.verified)
    assert _together(fresh, lambda session: lab.correct(session, result_id)) == {"done": THREADS}
    assert _count(fresh, LabResult.superseded_by.is_(None)) == 1
    assert _count(fresh) == THREADS + 2
