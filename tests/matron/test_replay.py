"""`matron events replay` to a handler."""

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from chassis.config import SERVICES
from chassis.errors import Invalid, Unavailable
from chassis.persistence.tables import inbox
from contracts.auth.events import DoctorApproved, UserRegistered
from contracts.scheduling.appointments.events import AppointmentBooked
from matron import replay
from matron.installation import Installation, connected, lock
from matron.replay import Replay, Span, events_for
from tests.matron.conftest import Matron
from tests.matron.outboxes import NOON, arrived, opened, say, send, unwatched

TO = "scheduling.on_doctor_approved"
QUEUE = DoctorApproved.queue_of(TO)
SINCE_NOON = Span(since=NOON)
WANTED = Replay((DoctorApproved,), TO, SINCE_NOON)


def test_replay_is_refused_when_the_handler_does_not_receive_the_event() -> None:
    for service, handler, name in (
        ("auth", "notify.on_doctor_approved", None),
        ("scheduling", TO, None),
        ("auth", TO, "role_granted"),
        ("auth", "", None),
    ):
        with pytest.raises(Invalid) as refused:
            events_for(service, handler, [name] if name else [])
        assert refused.value.code == "not_heard"


def test_handler_determines_its_event() -> None:
    assert events_for("scheduling", "notify.on_appointment_booked") == (AppointmentBooked,)


def test_events_go_in_order_to_the_queue_of_the_handler_only(folder: Path) -> None:
    said = say(folder, *[NOON] * (2 * replay.BATCH + 50))
    assert send(folder, WANTED) == (len(said), 0)
    assert arrived(folder) == [(QUEUE, event_id) for event_id in said]


def test_events_are_selected_by_name_and_time(folder: Path) -> None:
    say(folder, NOON - timedelta(seconds=1))
    wanted = say(folder, NOON)
    say(folder, NOON + timedelta(hours=1))
    say(folder, NOON, event=UserRegistered)
    within = Span(since=NOON, until=NOON + timedelta(hours=1))
    assert send(folder, Replay((DoctorApproved,), TO, within)) == (1, 0)
    assert arrived(folder) == [(QUEUE, wanted[0])]


def test_unsent_event_is_left_to_the_relay(folder: Path) -> None:
    say(folder, NOON, sent=False)
    assert send(folder, WANTED) == (0, 0)


def test_claims_of_the_handler_are_deleted_only_with_again(folder: Path) -> None:
    [event_id] = say(folder, NOON)
    with opened(folder, "scheduling") as database:
        with database.begin() as session:
            claims = [
                {"event_id": UUID(event_id), "handler": handler, "handled_at": NOON} for handler in (TO, "other.on_it")
            ]
            session.execute(insert(inbox).values(claims))
        for again, left in ((False, [TO, "other.on_it"]), (True, ["other.on_it"])):
            send(folder, WANTED, again=again)
            with database.read() as session:
                assert sorted(session.scalars(select(inbox.c.handler)), reverse=True) == left


def test_replay_reports_its_progress(folder: Path) -> None:
    say(folder, *[NOON] * (replay.BATCH + 1))
    expected: list[int] = []

    def watch(total: int) -> Any:
        expected.append(total)
        return nullcontext(expected.append)

    replay.send(Installation(None, folder), WANTED, again=False, watch=watch)
    assert expected == [replay.BATCH + 1, replay.BATCH, 1]


def test_replay_is_refused_while_the_folder_is_in_use(folder: Path, matron: Matron) -> None:
    say(folder, NOON)
    arguments = ("events", "replay", "auth", "--since", "2026-11-22T00:00:00Z", "--to", TO, "--data", folder)
    with lock(folder):
        code, _out, err = matron(*arguments)
    assert (code, "`matron run` or another command uses" in err) == (2, True)
    assert matron(*arguments) == (0, f"1 sent to {QUEUE}\n", "")


@pytest.mark.parametrize("since", ["2026-11-22T00:00:00", "yesterday", "2026-11-31"])
def test_time_needs_a_zone(folder: Path, matron: Matron, since: str) -> None:
    code, _out, err = matron("events", "replay", "auth", "--since", since, "--to", TO, "--data", folder)
    assert (code, "--since" in err) == (2, True)


def test_replay_accepts_the_advised_form_of_a_time_without_zone(folder: Path, matron: Matron) -> None:
    say(folder, NOON)
    replaying = ("events", "replay", "auth", "--to", TO, "--data", folder, "--since")
    advice = " ".join(matron(*replaying, "2026-11-22T12:00")[2].replace("│", " ").split())
    advised = advice.partition(" UTC, write ")[2].partition(" ")[0]
    assert matron(*replaying, advised) == (0, f"1 sent to {QUEUE}\n", "")


def test_day_is_read_in_the_time_zone_of_the_hospital(
    folder: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSPITAL_TIMEZONE", "Asia/Tokyo")
    midnight = NOON.replace(day=21, hour=15)  # The start of 22 November in Tokyo.
    say(folder, midnight - timedelta(seconds=1), midnight, midnight + timedelta(days=1))
    days = ("--since", "2026-11-22", "--until", "2026-11-23")
    expected = (0, f"1 sent to {QUEUE}\n", "")
    assert matron("events", "replay", "auth", *days, "--to", TO, "--data", folder) == expected


def test_error_for_a_missing_database_is_one_line(folder: Path, matron: Matron) -> None:
    code, _out, err = matron(
        "events", "replay", "auth", "--since", "2026-11-22T00:00:00Z", "--to", TO, "--data", folder
    )
    assert (code, err) == (2, f"matron: there is no {folder}/auth.db\n")


def test_replay_declares_the_queue_of_a_service_that_never_ran(
    folder: Path, amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in SERVICES:
        monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", f"sqlite:///{folder}/{service}.db")
    monkeypatch.setenv("AMQP_URL", amqp_url)
    with connected(amqp_url) as open_channel:
        open_channel().queue_delete(QUEUE)  # A given broker may have it from another run.
    said = say(folder, *[NOON] * (replay.BATCH + 1))
    assert replay.send(Installation(amqp_url, folder), WANTED, again=False, watch=unwatched).sent == len(said)
    with connected(amqp_url) as open_channel:
        channel = open_channel()
        got = [channel.basic_get(QUEUE, no_ack=True) for _ in said]
    assert [one.properties["message_id"] for one in got] == said
    assert [int(one.headers["ce-sequence"]) for one in got] == list(range(1, len(said) + 1))


def test_replay_fails_when_the_broker_is_unreachable(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(folder, NOON)
    url = "amqp://127.0.0.1:1//"
    monkeypatch.setenv("AMQP_URL", url)
    monkeypatch.setenv("AUTH_DATABASE_URL", f"sqlite:///{folder}/auth.db")
    monkeypatch.setattr(replay, "CONNECT_SECONDS", 0.2)
    with pytest.raises(Unavailable):
        replay.send(Installation(url, folder), WANTED, again=False, watch=unwatched)
