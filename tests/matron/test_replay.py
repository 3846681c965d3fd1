"""A service's events sent again to one handler."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from chassis.config import SERVICES
from chassis.database import Database
from chassis.errors import Invalid, NotFound, Unavailable
from chassis.tables import inbox, outbox
from contracts.auth import DoctorApproved, UserRegistered
from contracts.scheduling import AppointmentBooked
from matron import replay
from matron.migrations import migrate
from matron.place import Place, connected, lock
from matron.replay import Replay
from tests.matron.conftest import Matron
from transports.embedded import close_broker, open_broker

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
TO = "scheduling.on_doctor_approved"
QUEUE = DoctorApproved.queue_of(TO)
WANTED = Replay(DoctorApproved, TO, NOON)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of `matron run` with an empty broker."""
    open_broker("made", tmp_path / "broker.db")
    close_broker("made")
    return tmp_path


@contextmanager
def opened(folder: Path, service: str) -> Iterator[Database]:
    with closing(Database(f"sqlite:///{folder}/{service}.db")) as database:
        migrate(service, database)
        yield database


def say(folder: Path, *moments: datetime, event: Any = DoctorApproved, sent: bool = True) -> list[str]:
    """Put events into auth's outbox, which were sent unless told otherwise; their ids."""
    with opened(folder, event.service) as database, database.begin() as session:
        first = len(session.execute(select(outbox.c.position)).all()) + 1
        rows = [
            {
                "event_id": uuid4(),
                "name": event.event_name(),
                "internal": event.internal,
                "subject": event.example[event.subject],
                "data": event.example,
                "correlation_id": "request-1",
                "occurred_at": moment,
                "sequence": number if sent else None,
            }
            for number, moment in enumerate(moments, first)
        ]
        session.execute(insert(outbox), rows)
    return [str(row["event_id"]) for row in rows]


def arrived(folder: Path) -> list[tuple[str, str]]:
    """Queue and event id of what is in the folder's broker, in order."""
    with closing(sqlite3.connect(folder / "broker.db")) as connection:
        rows = connection.execute("SELECT queue, properties FROM message ORDER BY id").fetchall()
    return [(queue, json.loads(properties)["message_id"]) for queue, properties in rows]


def unwatched(_total: int) -> Any:
    return nullcontext(lambda _number: None)


def send(folder: Path, wanted: Replay = WANTED, *, again: bool = False) -> int:
    return replay.send(Place(None, folder), wanted, again=again, watch=unwatched)


def test_a_handler_that_no_event_names_is_refused() -> None:
    for service, handler, name in (
        ("auth", "clinical.on_doctor_approved", None),
        ("scheduling", TO, None),
        ("auth", TO, "role_granted"),
        ("auth", "", None),
    ):
        with pytest.raises(Invalid) as refused:
            replay.event_of(service, handler, name)
        assert refused.value.code == "not_heard"


def test_a_handler_tells_which_event_it_hears() -> None:
    assert replay.event_of("scheduling", "notify.on_appointment_booked", None) is AppointmentBooked


def test_events_go_to_the_handlers_queue_alone_and_in_their_order(folder: Path) -> None:
    said = say(folder, *[NOON] * (2 * replay.BATCH + 50))
    assert send(folder) == len(said)
    assert arrived(folder) == [(QUEUE, event_id) for event_id in said]


def test_events_are_chosen_by_name_and_time(folder: Path) -> None:
    say(folder, NOON - timedelta(seconds=1))
    wanted = say(folder, NOON)
    say(folder, NOON + timedelta(hours=1))
    say(folder, NOON, event=UserRegistered)
    assert send(folder, Replay(DoctorApproved, TO, NOON, NOON + timedelta(hours=1))) == 1
    assert arrived(folder) == [(QUEUE, wanted[0])]


def test_an_event_that_was_never_sent_is_left_to_the_relay(folder: Path) -> None:
    say(folder, NOON, sent=False)
    assert send(folder) == 0


def test_what_the_handler_has_done_is_forgotten_only_when_it_is_to_be_done_again(folder: Path) -> None:
    [event_id] = say(folder, NOON)
    with opened(folder, "scheduling") as database:
        with database.begin() as session:
            claims = [
                {"event_id": UUID(event_id), "handler": handler, "handled_at": NOON} for handler in (TO, "other.on_it")
            ]
            session.execute(insert(inbox).values(claims))
        for again, left in ((False, [TO, "other.on_it"]), (True, ["other.on_it"])):
            send(folder, again=again)
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


@pytest.mark.parametrize("since", ["2026-11-22T00:00:00", "yesterday"])
def test_a_moment_needs_its_zone(folder: Path, matron: Matron, since: str) -> None:
    code, _out, err = matron("events", "replay", "auth", "--since", since, "--to", TO, "--data", folder)
    assert (code, "--since" in err) == (2, True)


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
    assert replay.send(Place(amqp_url, folder), WANTED, again=False, watch=unwatched) == len(said)
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


def test_another_systems_queue_gets_the_public_events_that_it_missed(folder: Path, amqp_url: str) -> None:
    said, queue = say(folder, NOON), "partner.doctors"
    with connected(amqp_url) as open_channel:
        open_channel().queue_declare(queue, durable=True, auto_delete=False)
    wanted = Replay(replay.event_of("auth", queue, "doctor_approved"), queue, NOON)
    place = Place(amqp_url, folder)
    object.__setattr__(place, "database_url", lambda service: f"sqlite:///{folder}/{service}.db")
    assert replay.send(place, wanted, again=False, watch=unwatched) == 1
    with connected(amqp_url) as open_channel:
        assert open_channel().basic_get(queue, no_ack=True).properties["message_id"] == said[0]


def test_another_systems_queue_that_is_not_there_is_named(folder: Path) -> None:
    say(folder, NOON)
    wanted = Replay(DoctorApproved, "partner.nowhere", NOON)
    with pytest.raises(NotFound, match=r"partner\.nowhere"):
        replay.send(Place(None, folder), wanted, again=False, watch=unwatched)


@pytest.mark.parametrize("name", [None, "user_registered", "appointment_booked"])
def test_another_system_hears_only_public_events_of_that_service(name: str | None) -> None:
    with pytest.raises(Invalid, match="--name"):
        replay.event_of("auth", "partner.doctors", name)
