"""No account can impersonate another: a handler refuses an event whose source another account imitates.

On both brokers each service has the account of its name, on RabbitMQ with the rights that deploy gives it.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import orjson
import pytest
from prometheus_client import REGISTRY

from chassis import clock
from chassis.errors import Conflict, Invalid, Unavailable
from chassis.event import Event
from chassis.execution.entrypoints import Service, hears
from chassis.messaging import revocations, topology
from contracts.auth.events import UserErased
from contracts.scheduling.appointments.events import VisitStarted
from matron import dead, replay
from matron.installation import Installation as Folder
from matron.installation import connected
from matron.replay import Replay, Span
from tests.broker.place import Place, soon
from tests.deploy.narrow import DELAYS
from tests.letters import message
from tests.matron.outboxes import NOON, say, unwatched
from transports.confirms import ConfirmedPublisher
from transports.embedded import broker
from transports.links import Outgoing
from transports.senders import SENDER, url_of

LATER = timedelta(minutes=5)
VISITS, ERASURES = (event.queue_of(f"clinical.on_{event.event_name()}") for event in (VisitStarted, UserErased))


class Handler:
    """A handler in place of the use cases of clinical."""

    def __init__(self) -> None:
        self.failures = 0
        self.done: list[UUID] = []

    def take(self, session: Any, _actor: Any, _event: Any) -> None:
        """Fail `failures` times, then succeed."""
        if self.failures:
            self.failures -= 1
            raise Conflict("closed", "Not now.")
        self.done.append(session.call.heard.event_id)


@pytest.fixture
def handler(place: Place, broker_url: str) -> Iterator[Handler]:
    """Run clinical, with the handlers of this test."""
    handler = Handler()

    class ClinicalService(Service):
        name = "clinical"
        on_visit_started = hears(VisitStarted, handler.take)
        on_user_erased = hears(UserErased, handler.take)

    place.serve(ClinicalService)
    yield handler
    with ExitStack() as stack:
        channel = channel_of(stack, broker_url, "clinical")
        for queue in (topology.dead_queue("clinical"), VISITS, ERASURES):
            while channel.basic_get(queue, no_ack=True):
                pass


def channel_of(stack: ExitStack, url: str, account: str) -> Any:
    """A channel of that account, with confirms."""
    return stack.enter_context(connected(url_of(url, account)))()


def send(url: str, account: str, sent: Outgoing, **properties: str) -> None:
    """Publish with an account, with exactly these properties."""
    with ExitStack() as stack:
        Outgoing(sent.body, sent.exchange, sent.routing_key, sent.headers, {**sent.properties, **properties}).send(
            channel_of(stack, url, account), mandatory=True
        )


def publish(url: str, account: str, *messages: Outgoing) -> None:
    """Publish as the service of this name does."""
    publisher = ConfirmedPublisher(url_of(url, account), lambda _channel: None)
    publisher.link.start()
    soon(lambda: publisher.link.is_up)
    publisher.publish(list(messages))
    publisher.link.stop()


def letters(url: str) -> list[dead.Letter]:
    """The dead letters of clinical."""
    return dead.oldest_letters(Folder(url, Path()), "clinical", 100)[0]


def codes(url: str) -> list[str]:
    """The code of each dead letter."""
    return [letter.facts["code"] for letter in letters(url)]


def refused(handler: str) -> float:
    """The metric of events that a handler of clinical has refused."""
    labels = {"service": "clinical", "handler": handler, "fate": "refused"}
    return REGISTRY.get_sample_value("matron_events_failed_total", labels) or 0.0


FORGERIES: dict[str, tuple[str, type[Event], str, dict[str, str], dict[str, str]]] = {
    "a visit that notify begins, in its own name": ("notify", VisitStarted, VISITS, {"user_id": "notify"}, {}),
    "a visit that notify begins, in no name": ("notify", VisitStarted, VISITS, {}, {}),
    "a visit that notify says to have had from scheduling": (
        "notify", VisitStarted, VISITS, {"user_id": "notify"}, {SENDER: "scheduling"},
    ),
    "an erasure by notify": ("notify", UserErased, ERASURES, {"user_id": "notify"}, {}),
    "an erasure by scheduling, another source": ("scheduling", UserErased, ERASURES, {"user_id": "scheduling"}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("account", "event", "queue", "properties", "headers"), FORGERIES.values(), ids=FORGERIES)
def test_forged_event_only_becomes_a_dead_letter(
    handler: Handler,
    broker_url: str,
    account: str,
    event: type[Event],
    queue: str,
    properties: dict[str, str],
    headers: dict[str, str],
) -> None:
    before = refused(f"clinical.on_{event.event_name()}")
    sent = message(event, key=queue)
    forged = Outgoing(sent.body, "", queue, {**sent.headers, **headers}, sent.properties)
    send(broker_url, account, forged, **properties)
    soon(lambda: codes(broker_url) == ["wrong_account"])
    assert refused(f"clinical.on_{event.event_name()}") == before + 1
    assert dead.replay_all(Folder(broker_url, Path()), "clinical", unwatched) == (1, 1)
    soon(lambda: refused(f"clinical.on_{event.event_name()}") == before + 2)
    soon(lambda: codes(broker_url) == ["wrong_account"])
    assert handler.done == []


@pytest.mark.usefixtures("handler")
def test_broker_refuses_a_message_with_another_account(broker_url: str) -> None:
    with pytest.raises(Unavailable, match="PreconditionFailed"):
        send(broker_url, "notify", message(VisitStarted, key=VISITS), user_id="scheduling")


def test_forged_dead_letter_is_refused_when_sent_back(handler: Handler, broker_url: str) -> None:
    sent = message(VisitStarted, key=VISITS)
    told = {"x-queue": VISITS, "x-code": "closed", "x-attempt": 3, SENDER: "scheduling"}
    letter = Outgoing(sent.body, "", topology.dead_queue("clinical"), {**sent.headers, **told}, sent.properties)
    send(broker_url, "notify", letter, user_id="notify")
    for _look in range(dead.LOOKS + 2):  # Enough reads to publish it again.
        assert codes(broker_url) == ["closed"]
    assert dead.replay_one(Folder(broker_url, Path()), "clinical", "1")
    soon(lambda: codes(broker_url) == ["wrong_account"])
    assert handler.done == []


def test_genuine_event_is_handled_after_retries_and_a_replay(handler: Handler, broker_url: str) -> None:
    handler.failures = len(DELAYS) + 2
    sent = message(VisitStarted, key=VISITS)
    publish(broker_url, "scheduling", sent)
    soon(lambda: codes(broker_url) == ["closed"])
    for _look in range(dead.LOOKS + 2):
        assert codes(broker_url) == ["closed"]
    assert dead.replay_one(Folder(broker_url, Path()), "clinical", "1")
    soon(lambda: handler.done)
    assert handler.done == [UUID(str(sent.properties["message_id"]))]
    assert letters(broker_url) == []


@pytest.mark.parametrize("account", ["auth", "clinical"])
def test_replay_works_with_the_account_of_source_or_receiver(
    handler: Handler, broker_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, account: str
) -> None:
    said = say(tmp_path, NOON, NOON, event=UserErased)
    monkeypatch.setenv("AMQP_URL", broker_url)
    monkeypatch.setenv("AUTH_DATABASE_URL", f"sqlite:///{tmp_path}/auth.db")
    wanted = Replay((UserErased,), "clinical.on_user_erased", Span(first=1))
    sent, _gone = replay.send(Folder(url_of(broker_url, account), tmp_path), wanted, again=False, watch=unwatched)
    soon(lambda: len(handler.done) == sent == 2)
    assert [str(event_id) for event_id in handler.done] == said


def test_replay_with_another_account_is_refused() -> None:
    wanted = Replay((UserErased,), "clinical.on_user_erased", Span(first=1))
    for account in ("auth", "clinical", "guest"):
        wanted.check(account)
    for account in ("billing", "gateway"):
        with pytest.raises(Invalid) as refusal:
            wanted.check(account)
        assert refusal.value.code == "wrong_account"
    Replay((VisitStarted,), "partner.visits", Span(first=1)).check("billing")


def test_unsigned_letter_is_handled_when_an_operator_trusts_it(handler: Handler, broker_url: str) -> None:
    send(broker_url, "scheduling", message(VisitStarted, key=VISITS))
    soon(lambda: codes(broker_url) == ["wrong_account"])
    assert dead.replay_one(Folder(broker_url, Path()), "clinical", "1", trusted=True)
    soon(lambda: handler.done)


def test_unsigned_event_is_handled_during_an_upgrade(place: Place, broker_url: str) -> None:
    handler = Handler()

    class ClinicalService(Service):
        name = "clinical"
        on_visit_started = hears(VisitStarted, handler.take)

    place.changes["allow_unsigned_events"] = True
    place.serve(ClinicalService)
    handler.failures = 1
    send(broker_url, "scheduling", message(VisitStarted, key=VISITS))
    assert soon(lambda: handler.done)


def queues_of(url: str, request: pytest.FixtureRequest) -> list[str]:
    """The names of all queues. No account may list them."""
    parts = urlsplit(url)
    if parts.scheme == "embedded":
        return list(broker(parts.hostname or "").queues)
    listed = request.getfixturevalue("private_rabbitmq").manage("GET", f"queues{parts.path}")
    return [queue["name"] for queue in listed]


@pytest.mark.usefixtures("handler")
def test_only_auth_ends_sessions(place: Place, broker_url: str, request: pytest.FixtureRequest) -> None:
    own = "--clinical.process_"
    [queue] = soon(lambda: [name for name in queues_of(broker_url, request) if own in name])
    revoked, before = place.containers[0].config["revoked"], refused(revocations.EVENT)
    forged, genuine = ({"session_id": str(uuid4()), "ends_at": (clock.now() + LATER).isoformat()} for _ in "fg")
    send(broker_url, "notify", Outgoing(orjson.dumps(forged), "", queue), user_id="notify")
    publish(broker_url, "auth", Outgoing(orjson.dumps(genuine), revocations.EXCHANGE, revocations.EVENT))
    soon(lambda: UUID(genuine["session_id"]) in revoked)
    assert UUID(forged["session_id"]) not in revoked
    assert refused(revocations.EVENT) == before + 1
