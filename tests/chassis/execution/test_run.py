"""Executions of commands: written rows, kept rows, and the answer to a repetition."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from chassis.errors import Forbidden, Internal, Invalid, NoAnswer, Unauthenticated
from chassis.execution import run as execution
from chassis.execution.reactions import Timer
from chassis.execution.run import Operation, masked, retrying
from chassis.identity import NOBODY, Actor
from chassis.persistence import tables
from chassis.persistence.database import Database
from tests import ward
from tests.chassis.hosts import GREET, NURSE, SEND, TRY, WRITE, FakeHost, count, hear, outcome, rows, run


class Crash(BaseException):
    """The process dies here."""


def failing(error: BaseException) -> Callable[[], Any]:
    """A step that raises."""

    def step() -> Any:
        raise error

    return step


def test_a_command_writes_its_rows_events_audit_and_reply_together(database: Database) -> None:
    reply = run(WRITE, database)
    [first, second] = rows(database, tables.outbox)
    [audited] = rows(database, tables.audit)
    [stored] = rows(database, tables.idempotency)
    assert count(database, ward.Note) == 1
    assert [(row.name, row.internal, row.subject) for row in (first, second)] == [
        ("note_written", False, str(reply["id"])),
        ("note_whispered", True, str(reply["id"])),
    ]
    assert (first.data, first.correlation_id, first.sequence) == ({"note_id": str(reply["id"])}, "request-1", None)
    assert (audited.actor_id, audited.action, audited.record_id) == (NURSE.id, "write_note", reply["id"])
    assert (audited.allowed, audited.address, audited.request_id) == (True, "10.0.0.7", "request-1")
    assert stored.reply["is"] == {"id": str(reply["id"]), "text": "a note", "revision": 1}


def test_a_refused_command_writes_nothing(database: Database) -> None:
    run(WRITE, database, key="first")
    before = [count(database, table) for table in (tables.outbox, tables.audit, tables.idempotency, ward.Note)]
    assert outcome(lambda: run(WRITE, database, key="second")) == "text_taken"
    after = [count(database, table) for table in (tables.outbox, tables.audit, tables.idempotency, ward.Note)]
    assert after == before


def test_a_command_that_fails_writes_nothing(database: Database, steps: ward.Steps) -> None:
    steps.write = failing(RuntimeError())
    with pytest.raises(RuntimeError):
        run(WRITE, database)
    assert [count(database, table) for table in (tables.outbox, tables.idempotency, ward.Note)] == [0, 0, 0]


def test_the_relay_is_woken_by_a_commit_with_events_and_not_by_a_query(database: Database) -> None:
    host = FakeHost(database)
    WRITE.run(host, {"text": "a note"})
    GREET.run(host, {})
    assert host.woken == 1


def test_a_query_writes_nothing(database: Database) -> None:
    assert run(GREET, database, {"name": "Asha"}) == {"greeting": "Hello Asha"}
    assert [count(database, table) for table in (tables.audit, tables.idempotency)] == [0, 0]


def test_anonymous_caller_may_use_a_public_command(database: Database) -> None:
    assert run(GREET, database, {}, token="", actor=NOBODY) == {"greeting": "Hello you"}


@pytest.mark.parametrize(
    ("token", "actor", "refusal"),
    [("", NURSE, Unauthenticated), ("token", Actor(id=NURSE.id, roles=frozenset({"visitor"})), Forbidden)],
    ids=["no token", "another role"],
)
def test_the_service_checks_the_right_itself(
    sqlite: Database, token: str, actor: Actor, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        run(WRITE, sqlite, token=token, actor=actor)


def test_the_right_is_checked_before_the_fields_are_looked_at(sqlite: Database) -> None:
    with pytest.raises(Unauthenticated):
        run(WRITE, sqlite, {"nonsense": 1}, token="")


def test_what_comes_after_its_deadline_is_not_begun(sqlite: Database, steps: ward.Steps) -> None:
    steps.write = failing(AssertionError("begun"))
    host = FakeHost(sqlite)
    host.call = replace(host.call, expires_at=time.time() - 0.1)
    with pytest.raises(NoAnswer):
        WRITE.run(host, {"text": "a note"})


def test_the_work_of_an_event_is_done_once(database: Database) -> None:
    event_id = ward.uuid7()
    for _ in range(3):
        hear(database, event_id=event_id)
    assert (count(database, ward.Heard), count(database, tables.inbox)) == (1, 1)


def test_an_event_whose_work_failed_is_not_taken_for_done(database: Database, steps: ward.Steps) -> None:
    event_id = ward.uuid7()
    steps.hear = failing(RuntimeError())
    with pytest.raises(RuntimeError):
        hear(database, event_id=event_id)
    steps.hear = lambda: None
    hear(database, event_id=event_id)
    assert count(database, ward.Heard) == 1


def test_a_refusal_may_keep_what_was_written(database: Database) -> None:
    assert outcome(lambda: run(TRY, database, {"code": "wrong"})) == "wrong_code"
    [audited] = rows(database, tables.audit)
    assert (count(database, ward.Note), audited.allowed) == (1, False)


def test_a_command_with_a_key_must_not_refuse_and_keep(sqlite: Database) -> None:
    refusing = Operation(ward.WriteNote, lambda _s, _a, text: ward.Refused(Invalid(text)))
    with pytest.raises(TypeError, match="key"):
        run(refusing, sqlite)


def test_a_crash_after_the_first_step_is_gone_on_from_its_plan(database: Database, steps: ward.Steps) -> None:
    steps.outside = failing(Crash())
    with pytest.raises(Crash):
        run(SEND, database)
    [claimed] = rows(database, tables.idempotency)
    steps.outside, steps.write = lambda: "sent", failing(AssertionError("prepared twice"))
    reply = run(SEND, database)
    assert (str(reply["id"]), reply["text"]) == (claimed.plan["is"]["note_id"], "a note sent")
    assert count(database, ward.Note) == 1


def test_a_crash_after_the_outside_call_is_gone_on_from_its_plan(database: Database, steps: ward.Steps) -> None:
    steps.record = failing(Crash())
    with pytest.raises(Crash):
        run(SEND, database)
    steps.record = lambda: None
    assert run(SEND, database)["text"] == "a note sent"
    assert count(database, ward.Note) == 1


def test_a_repeated_three_step_command_calls_outside_no_more(database: Database, steps: ward.Steps) -> None:
    first = run(SEND, database)
    steps.outside = failing(AssertionError("called twice"))
    again = run(SEND, database)
    assert again == {"id": str(first["id"]), "text": "a note sent", "revision": 1}


def test_a_refusal_before_the_outside_call_leaves_the_key_free(database: Database, steps: ward.Steps) -> None:
    steps.write = failing(Invalid("not_now", ""))
    assert outcome(lambda: run(SEND, database)) == "not_now"
    assert count(database, tables.idempotency) == 0


def test_a_refusal_after_the_outside_call_stores_no_reply(database: Database, steps: ward.Steps) -> None:
    steps.record = failing(Invalid("not_now", ""))
    assert outcome(lambda: run(SEND, database)) == "not_now"
    [claimed] = rows(database, tables.idempotency)
    assert claimed.reply is None


def test_a_second_request_with_the_key_may_be_faster_and_both_get_one_reply(
    database: Database, steps: ward.Steps
) -> None:
    faster: list[Any] = []

    def overtake() -> str:
        steps.outside = lambda: "sent"
        faster.append(run(SEND, database))
        return "too late"

    steps.outside = overtake
    slower = run(SEND, database)
    assert (str(faster[0]["id"]), slower["text"]) == (slower["id"], "a note sent")
    assert count(database, ward.Note) == 1


def test_outside_call_holds_no_transaction(sqlite: Database, steps: ward.Steps) -> None:
    steps.outside = lambda: str(run(WRITE, sqlite, {"text": "meanwhile"}, key="another")["revision"])
    assert run(SEND, sqlite)["text"] == "a note 1"


class _Broken(Exception):
    sqlstate = "40001"


def test_a_transaction_that_the_database_broke_off_is_done_again() -> None:
    tries: list[int] = []

    def work() -> str:
        tries.append(1)
        if len(tries) < execution.TRIES:
            raise OperationalError("statement", {}, _Broken())
        return "done"

    assert (retrying(work), len(tries)) == ("done", execution.TRIES)


def test_a_transaction_is_not_done_again_for_ever() -> None:
    with pytest.raises(OperationalError):
        retrying(failing(OperationalError("statement", {}, _Broken())))


def test_text_of_an_unexpected_exception_is_neither_raised_nor_logged(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Internal) as raised:
        masked("ward", "command", "write_note", failing(RuntimeError("Asha Rao has measles")), "request-1")
    assert "Asha" not in str(raised.value.args) + "".join(capfd.readouterr())
    assert raised.value.__cause__ is None


def test_only_one_process_is_at_a_timers_work(database: Database) -> None:
    inner: list[str] = []

    def work(_session: Any, _actor: Actor) -> str:
        if not database.is_sqlite:
            Timer("t", lambda _s, _a: inner.append("twice")).run(FakeHost(database))
        return "plan"

    done: list[Any] = []
    Timer("t", work, done.append, lambda _s, _a, _plan, _out: None).run(FakeHost(database))
    assert (inner, done) == ([], ["plan"])


def test_timer_releases_its_lock_after_its_work(database: Database) -> None:
    done: list[int] = []
    for _ in range(2):
        Timer("t", lambda _s, _a: done.append(1)).run(FakeHost(database))
    assert done == [1, 1]
    with database.read() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1
