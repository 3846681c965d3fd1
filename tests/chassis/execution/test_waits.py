"""Requests that name a record of another service before its event: their waits, the time, and the number at once."""

import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import eventlet
import pytest
from uuid_utils.compat import uuid7

from chassis.errors import NotFound, NotYet, Unavailable
from chassis.execution import waits
from chassis.execution.waits import MOST_IN_VAIN, PACE, REMEMBERED_SECONDS, Waits
from chassis.identity import NOBODY
from chassis.persistence import tables
from chassis.persistence.database import Database
from tests import ward
from tests.chassis.hosts import GREET, SEND, WRITE, FakeHost, count, outcome, rows, run

ACCOUNT, OTHER = UUID(int=1), UUID(int=2)


class Pauses(list[float]):
    """The pauses of waiting requests, which take no time; `then` happens in each."""

    def __init__(self, then: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.then, self.passed = then, 0.0

    def sleep(self, seconds: float) -> None:
        """Let this time pass."""
        self.append(seconds)
        self.passed += seconds
        self.then()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pauses]:
    """A clock that moves by pauses alone."""
    made = Pauses()
    monkeypatch.setattr(waits, "eventlet", made)
    clock = {"time": lambda: 1_000_000.0 + made.passed, "monotonic": lambda: made.passed}
    monkeypatch.setattr(waits, "time", SimpleNamespace(**clock))
    return made


def unknown() -> None:
    """Work that names an unknown record."""
    raise NotYet("not_found", "There is no such ward.")


def unknown_for(times: int) -> Callable[[], None]:
    """Work that names what becomes known after so many tries."""
    tries = iter(range(times))

    def work() -> None:
        if next(tries, None) is not None:
            unknown()

    return work


def refusal_of(waiting: Waits, account: UUID | None = ACCOUNT, **fields: Any) -> type[Exception]:
    """The kind of error that a request ends with which names what never becomes known."""
    with pytest.raises((NotFound, Unavailable)) as refused:
        waiting.known(unknown, account, fields)
    return type(refused.value)


def test_commands_and_queries_wait_until_the_event_comes(database: Database, steps: ward.Steps, pauses: Pauses) -> None:
    for shape, payload in ((WRITE, None), (GREET, {}), (SEND, {"text": "another"})):
        steps.write = steps.greet = unknown_for(2)
        assert run(shape, database, payload, key=shape.contract.method())
    assert pauses == [PACE] * 6
    assert (count(database, ward.Note), count(database, tables.audit)) == (2, 2)


def test_a_request_is_refused_and_audited_once_when_no_event_comes(
    database: Database, steps: ward.Steps, pauses: Pauses
) -> None:
    steps.write = unknown
    with pytest.raises(NotFound) as refused:
        run(WRITE, database)
    assert (type(refused.value), refused.value.detail) == (NotFound, "There is no such ward.")
    assert pauses.passed == pytest.approx(waits.SECONDS, abs=PACE)
    [audited] = rows(database, tables.audit)
    assert not audited.allowed


def test_waiting_ends_before_the_deadline_of_the_request(pauses: Pauses) -> None:
    with pytest.raises(NotFound):
        Waits(1).known(unknown, ACCOUNT, {}, expires_at=1_000_000.15)
    assert pauses.passed < 0.15 + PACE


def test_a_stranger_does_not_wait(sqlite: Database, steps: ward.Steps, pauses: Pauses) -> None:
    steps.greet = unknown
    assert outcome(lambda: run(GREET, sqlite, {}, token="", actor=NOBODY)) == "not_found"
    assert pauses == []


@pytest.mark.parametrize(("named", "waited"), [(uuid4, False), (uuid7, True)])
def test_a_request_waits_for_ids_of_ours_only(pauses: Pauses, *, named: Callable[[], UUID], waited: bool) -> None:
    assert refusal_of(Waits(1), ward_id=named(), text="a note") is NotFound
    assert bool(pauses) is waited


def test_an_account_that_guesses_does_not_wait_until_a_minute_has_passed(pauses: Pauses) -> None:
    waiting = Waits(1)
    for _ in range(MOST_IN_VAIN):
        assert refusal_of(waiting) is NotFound
    before = len(pauses)
    assert (refusal_of(waiting), len(pauses)) == (NotFound, before)
    waiting.known(unknown_for(1), OTHER, {})
    assert len(pauses) == before + 1
    pauses.passed += REMEMBERED_SECONDS
    refusal_of(waiting)
    assert len(pauses) > before + 1


def test_waits_that_end_well_are_not_counted(pauses: Pauses) -> None:
    waiting = Waits(1)
    for _ in range(2 * MOST_IN_VAIN):
        waiting.known(unknown_for(1), ACCOUNT, {})
    assert len(pauses) == 2 * MOST_IN_VAIN


def test_a_request_is_busy_while_too_many_wait(pauses: Pauses) -> None:
    waiting, inner = Waits(1), list[type[Exception]]()
    pauses.then = lambda: inner.append(refusal_of(waiting, OTHER))
    waiting.known(unknown_for(1), ACCOUNT, {})
    assert inner == [Unavailable]
    pauses.then = lambda: None
    assert refusal_of(waiting) is NotFound


def test_other_requests_go_on_while_one_waits(sqlite: Database, steps: ward.Steps) -> None:
    steps.write, host = unknown_for(2), FakeHost(sqlite)
    began = time.monotonic()
    waiting = eventlet.spawn(WRITE.run, host, {"text": "a note"})
    eventlet.sleep(0)
    assert GREET.run(host, {}) == {"greeting": "Hello you"}
    assert host.waits.waiting == 1
    assert waiting.wait()["text"] == "a note"
    assert time.monotonic() - began >= 2 * PACE
