"""A service's events sent again to one handler."""

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
from matron.place import Place, connected, lock
from matron.replay import Replay, Span, events_for
from tests.matron.conftest import Matron
from tests.matron.outboxes import NOON, arrived, opened, say, send, unwatched

TO = "scheduling.on_doctor_approved"
QUEUE = DoctorApproved.queue_of(TO)
SINCE_NOON = Span(since=NOON)
WANTED = Replay((DoctorApproved,), TO, SINCE_NOON)


def test_a_handler_that_no_event_names_is_refused() -> None:
    for service, handler, name in (
        ("auth", "clinical.on_doctor_approved", None),
        ("scheduling", TO, None),
        ("auth", TO, "role_granted"),
        ("auth", "", None),
    ):
        with pytest.raises(Invalid) as refused:
            events_for(service, handler, [name] if name else [])
        assert refused.value.code == "not_heard"


def test_a_handler_tells_which_event_it_hears() -> None:
    assert events_for("scheduling", "notify.on_appointment_booked") == (AppointmentBooked,)


def test_events_go_to_the_handlers_queue_alone_and_in_their_order(folder: Path) -> None:
    said = say(folder, *[NOON] * (2 * replay.BATCH + 50))
    assert send(folder, WANTED) == (len(said), 0)
    assert arrived(folder) == [(QUEUE, event_id) for event_id in said]


def test_events_are_chosen_by_name_and_time(folder: Path) -> None:
    say(folder, NOON - timedelta(seconds=1))
    wanted = say(folder, NOON)
    say(folder, NOON + timedelta(hours=1))
    say(folder, NOON, event=UserRegistered)
    within = Span(since=NOON, until=NOON + timedelta(hours=1))
    assert send(folder, Replay((DoctorApproved,), TO, within)) == (1, 0)
    assert arrived(folder) == [(QUEUE, wanted[0])]


def test_an_event_that_was_never_sent_is_left_to_the_relay(folder: Path) -> None:
    say(folder, NOON, sent=False)
    assert send(folder, WANTED) == (0, 0)


def test_what_the_handler_has_done_is_forgotten_only_when_it_is_to_be_done_again(folder: Path) -> None:
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


def test_the_progress_is_told(folder: Path) -> None:
    say(folder, *[NOON] * (replay.BATCH + 1))
    told: list[int] = []

    def watch(total: int) -> Any:
        told.append(total)
        return nullcontext(told.append)

    replay.send(Place(None, folder), WANTED, again=False, watch=watch)
    assert told == [replay.BATCH + 1, replay.BATCH, 1]


def test_events_are_not_sent_while_the_folder_is_in_use(folder: Path, matron: Matron) -> None:
    say(folder, NOON)
    arguments = ("events", "replay", "auth", "--since", "2026-11-22T00:00:00Z", "--to", TO, "--data", folder)
    with lock(folder):
        code, _out, err = matron(*arguments)
    assert (code, "is in use by `matron run`" in err) == (2, True)
    assert matron(*arguments) == (0, f"1 sent to {QUEUE}\n", "")


@pytest.mark.parametrize("since", ["2026-11-22T00:00:00", "yesterday", "2026-11-31"])
def test_a_moment_needs_its_zone(folder: Path, matron: Matron, since: str) -> None:
    code, _out, err = matron("events", "replay", "auth", "--since", since, "--to", TO, "--data", folder)
    assert (code, "--since" in err) == (2, True)


def test_the_form_that_is_advised_for_a_moment_without_zone_is_taken(folder: Path, matron: Matron) -> None:
    say(folder, NOON)
    replaying = ("events", "replay", "auth", "--to", TO, "--data", folder, "--since")
    said = " ".join(matron(*replaying, "2026-11-22T12:00")[2].replace("│", " ").split())
    advised = said.partition("; write ")[2].partition(" ")[0]
    assert matron(*replaying, advised) == (0, f"1 sent to {QUEUE}\n", "")


def test_a_day_is_that_of_the_hospital(folder: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSPITAL_TIMEZONE", "Asia/Tokyo")
    midnight = NOON.replace(day=21, hour=15)  # Of 22 November in Tokyo.
    say(folder, midnight - timedelta(seconds=1), midnight, midnight + timedelta(days=1))
    days = ("--since", "2026-11-22", "--until", "2026-11-23")
    told = (0, f"1 sent to {QUEUE}\n", "")
    assert matron("events", "replay", "auth", *days, "--to", TO, "--data", folder) == told


def test_a_database_that_is_not_there_is_one_line(folder: Path, matron: Matron) -> None:
    code, _out, err = matron(
        "events", "replay", "auth", "--since", "2026-11-22T00:00:00Z", "--to", TO, "--data", folder
    )
    assert (code, err) == (2, f"matron: there is no {folder}/auth.db\n")


def test_events_reach_a_queue_of_a_real_broker_before_its_service_has_ever_run(
    folder: Path, amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in SERVICES:
        monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", f"sqlite:///{folder}/{service}.db")
    monkeypatch.setenv("AMQP_URL", amqp_url)
    with connected(amqp_url) as open_channel:
        open_channel().queue_delete(QUEUE)  # A broker that was given to the tests may have it from another run.
    said = say(folder, *[NOON] * (replay.BATCH + 1))
    assert replay.send(Place(amqp_url, folder), WANTED, again=False, watch=unwatched).sent == len(said)
    with connected(amqp_url) as open_channel:
        channel = open_channel()
        got = [channel.basic_get(QUEUE, no_ack=True) for _ in said]
    assert [one.properties["message_id"] for one in got] == said
    assert [int(one.headers["ce-sequence"]) for one in got] == list(range(1, len(said) + 1))


def test_a_broker_that_does_not_answer_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    say(folder, NOON)
    url = "amqp://127.0.0.1:1//"
    monkeypatch.setenv("AMQP_URL", url)
    monkeypatch.setenv("AUTH_DATABASE_URL", f"sqlite:///{folder}/auth.db")
    monkeypatch.setattr(replay, "CONNECT_SECONDS", 0.2)
    with pytest.raises(Unavailable):
        replay.send(Place(url, folder), WANTED, again=False, watch=unwatched)
