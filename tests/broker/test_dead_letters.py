"""Dead letters on both brokers, from the failure of a handler to the operator's cure."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
import structlog
from typer.testing import CliRunner

from chassis.errors import Conflict
from chassis.execution.entrypoints import Service, hears
from chassis.identity import Actor
from chassis.messaging.topology import dead_queue
from chassis.persistence.database import Database, Session
from contracts.scheduling.appointments.events import AppointmentBooked
from matron import dead, environment
from matron.command import app
from matron.installation import Installation, connected
from matron.migrations import migrate
from matron.runner import Runner
from tests.broker.place import broker_of, soon
from tests.letters import HANDLER, NOTIFY, declare, letter, message
from transports.links import Outgoing
from transports.senders import SENDER

TRIES = 3
NAME = "Asha Rao"


class Handler:
    """The handler under test, and its record."""

    def __init__(self) -> None:
        self.closed = True
        self.tries = 0
        self.done: list[UUID] = []

    def admit(self, _session: Session, _actor: Actor, event: AppointmentBooked) -> None:
        """Fail while closed."""
        self.tries += 1
        if self.closed:
            raise Conflict("closed", "Not now.")
        self.done.append(event.appointment_id)


@pytest.fixture
def installation(broker_url: str, tmp_path: Path) -> Installation:
    with connected(broker_url) as open_channel:
        channel = open_channel()
        for queue in (NOTIFY, dead_queue("notify")):
            channel.queue_delete(queue)  # A given broker may have them from another run.
    return Installation(broker_url, tmp_path)


@pytest.fixture
def handler(
    installation: Installation, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Handler]:
    """Run a service named notify, with one event handler."""
    handler = Handler()

    class NotifyService(Service):
        name = "notify"
        on_appointment_booked = hears(AppointmentBooked, handler.admit)

    url = f"sqlite:///{tmp_path}/notify.db"
    for name, value in {"AMQP_URL": broker_url, "NOTIFY_DATABASE_URL": url, "RETRY_DELAYS": "0.05,0.05"}.items():
        monkeypatch.setenv(name, value)
    database = Database(url)
    migrate("notify", database)
    database.close()
    runner = Runner(environment.load(services=("notify",)), [NotifyService])
    runner.start()
    soon(lambda: not runner.health.failing() and broker_of(runner.runner.service_map["notify"]).publisher.link.is_up)
    yield handler
    runner.runner.stop()


def send(url: str, *messages: Outgoing) -> None:
    """Publish messages, with confirms."""
    with connected(url) as open_channel:
        channel = open_channel()
        for one in messages:
            one.send(channel, mandatory=True)


def letters(installation: Installation) -> list[dead.Letter]:
    """The dead letters of notify."""
    return dead.oldest_letters(installation, "notify", 1000)[0]


def matron(*arguments: str, answer: str | None = None) -> str:
    """The output of the command."""
    with structlog.testing.capture_logs():  # Services of this process log at the same time.
        result = CliRunner().invoke(app, list(arguments), input=answer, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@contextmanager
def dead_letters(url: str, *messages: Outgoing, arguments: dict[str, Any] | None = None) -> Iterator[Any]:
    """A channel, and the queues of a stopped service, with these dead letters."""
    with connected(url) as open_channel:
        channel = open_channel()
        if arguments:
            quorum = {"x-queue-type": "quorum", **arguments}
            channel.queue_declare(dead_queue("notify"), durable=True, auto_delete=False, arguments=quorum)
        else:
            declare(channel)
        for one in messages:
            one.send(channel, mandatory=True)
        yield channel


def size(channel: Any, queue: str) -> int:
    """The number of messages in a queue."""
    return int(channel.queue_declare(queue, passive=True)[1])


def test_event_of_a_failing_handler_is_listed_with_its_error(
    handler: Handler, installation: Installation, broker_url: str
) -> None:
    event_id = uuid4()
    send(broker_url, message(event_id=event_id))
    soon(lambda: letters(installation))
    line = matron("dead", "list", "notify").splitlines()[1].split()
    assert line[:-1] == ["notify", "1", str(event_id), "appointment_booked", NOTIFY, "3", "Conflict", "closed"]
    assert handler.tries == TRIES


def test_replayed_letter_is_handled_by_a_repaired_handler(
    handler: Handler, installation: Installation, broker_url: str
) -> None:
    event_id = uuid4()
    send(broker_url, message(event_id=event_id))
    soon(lambda: letters(installation))
    handler.closed = False
    assert matron("dead", "replay", "notify", str(event_id)) == "1 of 1 sent back\n"
    soon(lambda: handler.done)
    assert handler.done == [UUID(AppointmentBooked.example["appointment_id"])]
    assert matron("dead", "list") == "There are no dead letters.\n"


def test_replayed_letter_gets_all_its_retries_again(
    handler: Handler, installation: Installation, broker_url: str
) -> None:
    send(broker_url, message())
    soon(lambda: letters(installation))
    matron("dead", "replay", "notify", "--all")
    soon(lambda: handler.tries == 2 * TRIES and letters(installation))
    assert letters(installation)[0].facts["attempts"] == "3"


def test_letter_replayed_twice_is_handled_once(handler: Handler, installation: Installation, broker_url: str) -> None:
    twice, last = letter(), uuid4()
    handler.closed = False
    send(broker_url, twice, twice, letter(event_id=last))
    matron("dead", "replay", "notify", "--all")
    soon(lambda: len(handler.done) == 2)
    assert not letters(installation)


def test_unreadable_body_is_a_dead_letter_at_once_and_never_logged(
    handler: Handler,
    installation: Installation,
    broker_url: str,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    sent = message()
    with structlog.testing.capture_logs() as lines:
        send(broker_url, Outgoing(f'{{"name": "{NAME}"'.encode(), "", NOTIFY, sent.headers, sent.properties))
        soon(lambda: letters(installation))
    facts = letters(installation)[0].facts
    assert (facts["error"], facts["attempts"], handler.tries) == ("Undeliverable", "1", 0)
    told = [*capfd.readouterr(), caplog.text, str(lines), matron("dead", "list"), matron("dead", "show", "notify", "1")]
    assert not [text for text in told if NAME in text]


def test_replay_of_all_ends_although_letters_return(
    handler: Handler, installation: Installation, broker_url: str
) -> None:
    unreadable = letter()
    send(broker_url, *[Outgoing(b"{", "", unreadable.routing_key, unreadable.headers)] * 5)
    assert matron("dead", "replay", "notify", "--all") == "5 of 5 sent back\n"
    soon(lambda: len(letters(installation)) == 5)
    assert handler.tries == 0


def test_listing_changes_neither_letters_nor_their_order(installation: Installation, broker_url: str) -> None:
    sent = [letter() for _ in range(20)]
    with dead_letters(broker_url, *sent):
        for _ in range(2 * dead.LOOKS + 1):
            found = [(one.message_id, one.facts["attempts"]) for one in letters(installation)]
            assert found == [(one.properties["message_id"], "3") for one in sent]


def test_delivery_limit_drops_no_letter_that_was_only_listed(installation: Installation, broker_url: str) -> None:
    with dead_letters(broker_url, letter(), letter(), arguments={"x-delivery-limit": dead.LOOKS}):
        for number in range(4 * dead.LOOKS):
            assert len(letters(installation)) == 2, number


def test_letter_can_be_named_by_its_position(installation: Installation, broker_url: str) -> None:
    sent = [letter() for _ in range(3)]
    with dead_letters(broker_url, *sent):
        assert dead.find_letter(installation, "notify", "2").message_id == sent[1].properties["message_id"]


def test_replayed_letter_has_the_headers_of_a_new_message(installation: Installation, broker_url: str) -> None:
    sent = letter()
    with dead_letters(broker_url, sent) as channel:
        assert dead.replay_one(installation, "notify", "1")
        arrived = channel.basic_get(NOTIFY)
        assert {name for name in arrived.headers if not name.startswith("ce-")} <= {"x-delivery-count", SENDER}
        assert int(arrived.headers.get("x-delivery-count", 0)) == 0
        assert arrived.properties["message_id"] == sent.properties["message_id"]
        assert (size(channel, NOTIFY), size(channel, dead_queue("notify"))) == (0, 0)


def test_letter_stays_when_its_queue_is_missing(installation: Installation, broker_url: str) -> None:
    with dead_letters(broker_url, letter(), letter(queue="evt-scheduling-gone--notify.on_gone")):
        assert dead.replay_all(installation, "notify", lambda _total: nullcontext(lambda _number: None)) == (1, 2)
        assert [one.queue for one in letters(installation)] == ["evt-scheduling-gone--notify.on_gone"]


def test_crash_during_a_replay_leaves_two_copies_and_loses_none(
    installation: Installation, broker_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with dead_letters(broker_url, letter()) as channel:
        monkeypatch.setattr(dead.DeadQueue, "drop", die)
        with pytest.raises(KeyboardInterrupt):
            dead.replay_one(installation, "notify", "1")
        soon(lambda: size(channel, dead_queue("notify")) == 1)
        assert size(channel, NOTIFY) == 1


@pytest.mark.usefixtures("handler")
def test_letter_is_deleted_only_after_confirmation(installation: Installation, broker_url: str) -> None:
    send(broker_url, letter(), letter())
    first = letters(installation)[0].message_id
    assert matron("dead", "drop", "notify", first, answer="n\n").endswith("0 deleted\n")
    assert matron("dead", "drop", "notify", first, answer="y\n").endswith("1 deleted\n")
    assert len(letters(installation)) == 1
    assert matron("dead", "drop", "notify", "--all", "--yes") == "1 deleted\n"
    assert not letters(installation)


def test_service_that_never_ran_has_no_dead_letters(installation: Installation) -> None:
    assert dead.oldest_letters(installation, "notify", 10) == ([], 0)


def test_limit_lists_the_oldest_letters(installation: Installation, broker_url: str) -> None:
    sent = [letter() for _ in range(5)]
    with dead_letters(broker_url, *sent):
        found, total = dead.oldest_letters(installation, "notify", 2)
        assert ([one.message_id for one in found], total) == ([one.properties["message_id"] for one in sent[:2]], 5)
        assert HANDLER in found[0].queue
