"""The commands for dead letters, on a folder of `matron run`."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chassis.messaging.topology import dead_queue
from contracts.auth.events import MailTokenIssued
from matron.installation import connected, lock
from tests.letters import NOTIFY, declare, letter
from tests.matron.conftest import Matron
from transports.embedded import close_broker, open_broker
from transports.links import Outgoing
from transports.senders import SENDER

Fill = Callable[..., None]
DEAD = dead_queue("notify")


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Put dead letters into the broker of the folder, as a run of Matron leaves them."""

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
    """The properties of the messages of a queue, from the file in the folder."""
    with closing(sqlite3.connect(folder / "broker.db")) as connection:
        rows = connection.execute("SELECT properties FROM message WHERE queue = ? ORDER BY id", [queue]).fetchall()
    return [json.loads(row[0]) for row in rows]


def test_list_works_while_the_folder_is_in_use(tmp_path: Path, fill: Fill, matron: Matron) -> None:
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


def test_list_shows_no_content(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter(MailTokenIssued, "notify.on_mail_token_issued"))
    _code, out, err = matron("dead", "list", "--data", tmp_path)
    told = [value for value in MailTokenIssued.example.values() if isinstance(value, str)]
    assert not [value for value in told if value in out + err]


def test_show_prints_data_of_a_public_event(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter())
    _code, out, _err = matron("dead", "show", "notify", "1", "--data", tmp_path)
    assert "x-error: Conflict" in out
    assert '"starts_at": "2026-11-23T09:00:00+00:00"' in out


def test_show_hides_data_of_an_internal_event_without_reveal(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter(MailTokenIssued, "notify.on_mail_token_issued"))
    _code, hidden, _err = matron("dead", "show", "notify", "1", "--data", tmp_path)
    _code, revealed, _err = matron("dead", "show", "notify", "1", "--reveal", "--data", tmp_path)
    assert MailTokenIssued.example["email"] not in hidden
    assert MailTokenIssued.example["email"] in revealed


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"patient_id": "Asha Rao"}', b"\xff Asha Rao"])
def test_show_hides_data_that_does_not_match_the_event(tmp_path: Path, fill: Fill, matron: Matron, body: bytes) -> None:
    sent = letter()
    fill(Outgoing(body, "", DEAD, sent.headers, sent.properties))
    code, out, _err = matron("dead", "show", "notify", "1", "--data", tmp_path)
    assert (code, "Asha" in out) == (0, False)
    assert f"({len(body)} bytes that may" in out


def test_show_hides_unknown_fields(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    sent = letter()
    fill(Outgoing(sent.body.replace(b"{", b'{"name": "Asha Rao", ', 1), "", DEAD, sent.headers, sent.properties))
    _code, out, _err = matron("dead", "show", "notify", "1", "--data", tmp_path)
    assert "appointment_id" in out
    assert "Asha" not in out


def test_output_contains_no_control_characters_from_outside(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    sent = letter()
    fill(Outgoing(sent.body, "", DEAD, {**sent.headers, "ce-type": "\x1b[2Jgone [red]"}, sent.properties))
    for command in (("list",), ("show", "notify", "1", "--reveal")):
        _code, out, _err = matron("dead", *command, "--data", tmp_path)
        assert "?[2Jgone [red]" in out


def test_replayed_letter_waits_in_the_queue_of_its_handler(tmp_path: Path, fill: Fill, matron: Matron) -> None:
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
            assert "`matron run` or another command uses" in err
    assert len(kept(tmp_path, DEAD)) == 1


def test_replay_fails_and_keeps_a_letter_whose_queue_is_gone(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter(queue="evt-scheduling-gone--notify.on_gone"), letter())
    code, out, err = matron("dead", "replay", "notify", "--all", "--data", tmp_path)
    assert (code, out) == (1, "1 of 2 sent back\n")
    assert "does not exist" in err
    assert len(kept(tmp_path, DEAD)) == 1


@pytest.mark.parametrize(("answer", "left"), [("n\n", 2), ("y\n", 0)])
def test_drop_deletes_letters_after_confirmation(
    tmp_path: Path, fill: Fill, matron: Matron, answer: str, left: int
) -> None:
    fill(letter(), letter())
    matron("dead", "drop", "notify", "--all", "--data", tmp_path, answer=answer)
    assert len(kept(tmp_path, DEAD)) == left


def test_drop_names_the_letter_in_its_question(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    sent = letter()
    fill(sent)
    _code, out, err = matron("dead", "drop", "notify", "1", "--data", tmp_path, answer="n\n")
    assert f"appointment_booked {sent.properties['message_id']} for {NOTIFY}" in out + err


def test_error_for_an_unknown_letter_is_one_line(tmp_path: Path, fill: Fill, matron: Matron) -> None:
    fill(letter())
    for command in ("show", "replay", "drop"):
        code, _out, err = matron("dead", command, "notify", "7", "--data", tmp_path)
        assert (code, err) == (2, "matron: The service notify has no dead letter 7.\n")


@pytest.mark.parametrize("which", [(), ("1", "--all")])
@pytest.mark.parametrize("command", ["replay", "drop"])
def test_command_needs_one_message_id_or_all(
    tmp_path: Path, fill: Fill, matron: Matron, command: str, which: tuple[str, ...]
) -> None:
    fill(letter())
    code, _out, err = matron("dead", command, "notify", *which, "--data", tmp_path)
    assert code == 2
    assert "give a MESSAGE_ID, or --all" in err
    assert len(kept(tmp_path, DEAD)) == 1


def test_error_for_a_missing_broker_setting_is_one_line(
    tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert matron("dead", "list") == (
        2,
        "",
        "matron: AMQP_URL is missing, and there is no var/broker.db of `matron run`\n",
    )


def test_error_for_an_unreachable_broker_is_one_line(matron: Matron, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://guest:secret@127.0.0.1:1//")
    code, _out, err = matron("dead", "list")
    assert (code, err.count("\n"), "secret" in err) == (2, 1, False)
    assert "is unreachable" in err


def test_unknown_service_is_refused(matron: Matron) -> None:
    code, _out, err = matron("dead", "list", "pharmacy")
    assert (code, "is not a service" in err) == (2, True)


def test_run_is_refused_while_the_folder_is_in_use(tmp_path: Path, matron: Matron) -> None:
    with lock(tmp_path):
        code, _out, err = matron("run", "--data", tmp_path)
    assert (code, err.count("\n"), "`matron run` or another command uses" in err) == (2, 1, True)
