"""Dead letters in the folder of `matron run`, and what the commands say and refuse."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chassis.messaging.topology import dead_queue
from contracts.auth.events import MailTokenIssued
from matron.place import connected, lock
from tests.letters import NOTIFY, declare, letter
from tests.matron.conftest import Matron
from transports.embedded import close_broker, open_broker
from transports.links import Outgoing
from transports.senders import SENDER

Fill = Callable[..., None]
DEAD = dead_queue("notify")


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Put dead letters into the folder's broker, as a run of Matron would have left them."""

    def put(*letters: Outgoing) -> None:
        open_broker("filled", tmp_path / "broker.db")
        with connected("embedded://filled") as open_channel:
            channel = open_channel()
            declare(channel)
            for one in letters:
                one.send(channel)
        close_broker("filled")

    return put


def kept(folder: Path, queue: str) -> list[dict[str, Any]]:
    """The properties of the messages that a queue has in the folder's file."""
    with closing(sqlite3.connect(folder / "broker.db")) as connection:
        rows = connection.execute("SELECT properties FROM message WHERE queue = ? ORDER BY id", [queue]).fetchall()
    return [json.loads(row[0]) for row in rows]


def test_letters_are_listed_although_the_folder_is_in_use(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    sent = letter()
    fill(sent)
    with lock(tmp_path):
        code, out, _err = matron("dead", "list", "--data", tmp_path)
    assert code == 0
    assert out.splitlines()[1].split()[:5] == [
        "notify",
        "1",
        sent.properties["message_id"],
        "appointment_booked",
        NOTIFY,
    ]


def test_a_listing_has_nothing_of_the_content(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter(MailTokenIssued, "notify.on_mail_token_issued"))
    _code, out, err = matron("dead", "list", "--data", tmp_path)
    told = [value for value in MailTokenIssued.example.values() if isinstance(value, str)]
    assert not [value for value in told if value in out + err]


def test_the_data_of_a_public_event_is_shown(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter())
    _code, out, _err = matron("dead", "show", "notify", "1", "--data", tmp_path)
    assert "x-error: Conflict" in out
    assert '"starts_at": "2026-11-23T09:00:00+00:00"' in out


def test_the_data_of_an_internal_event_is_shown_only_when_asked_for(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter(MailTokenIssued, "notify.on_mail_token_issued"))
    _code, hidden, _err = matron("dead", "show", "notify", "1", "--data", tmp_path)
    _code, revealed, _err = matron("dead", "show", "notify", "1", "--reveal", "--data", tmp_path)
    assert MailTokenIssued.example["email"] not in hidden
    assert MailTokenIssued.example["email"] in revealed


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"patient_id": "Asha Rao"}', b"\xff Asha Rao"])
def test_data_that_is_not_what_the_event_says_is_hidden(
    tmp_path: Path, fill: Fill, matron: Matron, body: bytes
) -> None:
    sent = letter()
    fill(Outgoing(body, "", DEAD, sent.headers, sent.properties))
    code, out, _err = matron("dead", "show", "notify", "1", "--data", tmp_path)
    assert (code, "Asha" in out) == (0, False)
    assert f"({len(body)} bytes of data" in out


def test_a_field_that_the_event_does_not_have_is_hidden(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    sent = letter()
    fill(Outgoing(sent.body.replace(b"{", b'{"name": "Asha Rao", ', 1), "", DEAD, sent.headers, sent.properties))
    _code, out, _err = matron("dead", "show", "notify", "1", "--data", tmp_path)
    assert "appointment_id" in out
    assert "Asha" not in out


def test_what_came_from_outside_cannot_steer_the_terminal(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    sent = letter()
    fill(Outgoing(sent.body, "", DEAD, {**sent.headers, "ce-type": "\x1b[2Jgone [red]"}, sent.properties))
    for command in (("list",), ("show", "notify", "1", "--reveal")):
        _code, out, _err = matron("dead", *command, "--data", tmp_path)
        assert "?[2Jgone [red]" in out


def test_a_replayed_letter_waits_for_its_handler_in_the_folder(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    sent = letter()
    fill(sent, letter())
    code, out, _err = matron("dead", "replay", "notify", sent.properties["message_id"], "--data", tmp_path)
    assert (code, out) == (0, "1 of 1 sent back\n")
    [replayed] = kept(tmp_path, NOTIFY)
    assert replayed["message_id"] == sent.properties["message_id"]
    assert {name for name in replayed["application_headers"] if not name.startswith("ce-")} == {SENDER}
    assert len(kept(tmp_path, DEAD)) == 1


def test_letters_are_not_moved_while_the_folder_is_in_use(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter())
    with lock(tmp_path):
        for command in ("replay", "drop"):
            code, _out, err = matron("dead", command, "notify", "--all", "--data", tmp_path)
            assert (code, err.count("\n")) == (2, 1)
            assert "is in use by `matron run`" in err
    assert len(kept(tmp_path, DEAD)) == 1


def test_a_letter_whose_queue_is_gone_is_a_failure_and_stays(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter(queue="evt-scheduling-gone--notify.on_gone"), letter())
    code, out, err = matron("dead", "replay", "notify", "--all", "--data", tmp_path)
    assert (code, out) == (1, "1 of 2 sent back\n")
    assert "is gone" in err
    assert len(kept(tmp_path, DEAD)) == 1


@pytest.mark.parametrize(("answer", "left"), [("n\n", 2), ("y\n", 0)])
def test_letters_are_thrown_away_when_that_is_agreed_to(
    tmp_path: Path, fill: Fill, matron: Matron, answer: str, left: int
) -> None:
    fill(letter(), letter())
    matron("dead", "drop", "notify", "--all", "--data", tmp_path, answer=answer)
    assert len(kept(tmp_path, DEAD)) == left


def test_the_question_names_the_letter_that_is_thrown_away(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    sent = letter()
    fill(sent)
    _code, out, err = matron("dead", "drop", "notify", "1", "--data", tmp_path, answer="n\n")
    assert f"appointment_booked {sent.properties['message_id']} for {NOTIFY}" in out + err


def test_an_unknown_letter_is_one_line(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter())
    for command in ("show", "replay", "drop"):
        code, _out, err = matron("dead", command, "notify", "7", "--data", tmp_path)
        assert (code, err) == (2, "matron: The service notify has no dead letter 7.\n")


@pytest.mark.parametrize("which", [(), ("1", "--all")])
@pytest.mark.parametrize("command", ["replay", "drop"])
def test_one_letter_or_all_must_be_said(
    tmp_path: Path, fill: Fill, matron: Matron, command: str, which: tuple[str, ...]
) -> None:
    fill(letter())
    code, _out, err = matron("dead", command, "notify", *which, "--data", tmp_path)
    assert code == 2
    assert "name one message, or say --all" in err
    assert len(kept(tmp_path, DEAD)) == 1


def test_a_broker_that_is_nowhere_is_one_line(tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert matron("dead", "list") == (
        2,
        "",
        "matron: AMQP_URL is missing, and there is no var/broker.db of `matron run`\n",
    )


def test_a_broker_that_does_not_answer_is_one_line(matron: Matron, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://guest:secret@127.0.0.1:1//")
    code, _out, err = matron("dead", "list")
    assert (code, err.count("\n"), "secret" in err) == (2, 1, False)
    assert "cannot be reached" in err


def test_a_service_that_is_none_is_refused(matron: Matron) -> None:
    code, _out, err = matron("dead", "list", "pharmacy")
    assert (code, "none of auth, scheduling" in err) == (2, True)


def test_a_folder_has_one_run_at_a_time(tmp_path: Path, matron: Matron) -> None:
    with lock(tmp_path):
        code, _out, err = matron("run", "--data", tmp_path)
    assert (code, err.count("\n"), "is in use by `matron run`" in err) == (2, 1, True)
