"""Every write is idempotent: one key, one effect, one reply."""

from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest
from uuid_utils.compat import uuid7

from chassis import config
from chassis.errors import Invalid
from chassis.execution import idempotency
from chassis.execution.run import Operation
from chassis.identity import Actor
from chassis.persistence import tables
from chassis.persistence.database import Database
from tests import ward
from tests.chassis.hosts import SEND, TRY, WRITE, at_once, count, rows, run

TIMES = 20
BOTH = pytest.mark.parametrize("shape", [WRITE, SEND], ids=["one transaction", "three steps"])


@BOTH
def test_a_repeated_request_gets_the_stored_reply(database: Database, shape: Operation) -> None:
    first, again = run(shape, database), run(shape, database)
    assert orjson.dumps(again) == orjson.dumps(first)
    assert (count(database, ward.Note), count(database, tables.audit)) == (1, 1)


@BOTH
def test_one_key_many_times_at_once_has_one_effect_and_equal_replies(database: Database, shape: Operation) -> None:
    replies = at_once(TIMES, lambda: orjson.dumps(run(shape, database)))
    assert len(set(replies)) == 1
    assert (count(database, ward.Note), count(database, tables.idempotency)) == (1, 1)


@BOTH
def test_a_key_with_another_body_is_refused(database: Database, shape: Operation) -> None:
    run(shape, database)
    with pytest.raises(Invalid) as refused:
        run(shape, database, {"text": "another"})
    assert refused.value.code == "key_reused"
    assert count(database, ward.Note) == 1


def test_the_key_of_a_refused_request_is_free(database: Database) -> None:
    run(WRITE, database, key="first")
    with pytest.raises(Exception, match="text_taken"):
        run(WRITE, database, key="second")
    assert run(WRITE, database, {"text": "another"}, key="second")["text"] == "another"


def test_keys_of_different_people_do_not_meet(database: Database) -> None:
    run(WRITE, database)
    other = Actor(id=uuid7(), roles=frozenset({"nurse"}))
    assert run(WRITE, database, {"text": "another"}, actor=other)["text"] == "another"


def test_keys_of_different_commands_do_not_meet(database: Database) -> None:
    run(WRITE, database)
    assert run(SEND, database)["text"] == "a note sent"


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of secret keys that the settings name, with one key in it."""
    (tmp_path / "secrets.key").write_text("the oldest\n")
    monkeypatch.setattr(config, "_current", SimpleNamespace(signing_keys=tmp_path))
    return tmp_path / "secrets.key"


@pytest.mark.usefixtures("keys")
def test_of_secrets_a_request_that_is_done_has_a_fingerprint_and_one_that_is_begun_has_none() -> None:
    one, other = ({"code": code} for code in ("1234", "5678"))
    taken = [{idempotency.fingerprint(ward.TryCode, body, is_done=done) for body in (one, other)} for done in (1, 0)]
    assert [len(found) for found in taken] == [2, 1]


def test_who_has_not_the_key_finds_no_secret_by_its_fingerprint(keys: Path) -> None:
    found = idempotency.fingerprint(ward.TryCode, {"code": "1234"})
    idempotency._pepper.cache_clear()
    keys.write_text("a new one on top\nthe oldest\n")
    assert idempotency.fingerprint(ward.TryCode, {"code": "1234"}) == found
    idempotency._pepper.cache_clear()
    keys.write_text("somebody else's\n")
    assert idempotency.fingerprint(ward.TryCode, {"code": "1234"}) != found


def test_the_order_of_fields_does_not_matter() -> None:
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert idempotency.fingerprint(ward.WriteNote, one) == idempotency.fingerprint(ward.WriteNote, other)


def test_a_command_without_a_key_stores_no_reply(database: Database) -> None:
    run(TRY, database, {"code": "right"})
    assert rows(database, tables.idempotency) == []
