"""Services start with only the rights of deploy, and repair their own objects."""

from typing import Any

import pytest
from amqp.exceptions import NotFound
from prometheus_client import REGISTRY

from chassis import config
from chassis.config import SERVICES
from chassis.errors import Conflict
from chassis.event import events_of
from chassis.execution.entrypoints import Service, hears
from chassis.messaging import topology
from chassis.messaging.consumer import Broker
from contracts.clinical.prescriptions import PrescriptionAdded
from contracts.scheduling.appointments.events import VisitStarted
from deploy.rabbitmq.setup import NO_LONGER_HEARD, remove_shared_waits, remove_unheard_queues
from gateway.rpc import RpcClient
from matron.installation import connected
from matron.services import service_class
from services.auth.sessions import keys
from tests.broker.place import Place, broker_of, soon
from tests.deploy.narrow import DELAYS, Narrow
from tests.letters import message
from tests.ward import settings
from transports.confirms import ConfirmedPublisher
from transports.links import Outgoing
from transports.senders import url_of

VISITS = VisitStarted.queue_of("clinical.on_visit_started")
WAITS = topology.delay_queue("clinical", DELAYS[0])


@pytest.fixture
def broker_url(narrow: Narrow) -> str:
    """RabbitMQ only: the embedded broker has no rights."""
    return narrow.url


@pytest.mark.parametrize("service", SERVICES)
def test_service_works_with_its_rights(place: Place, monkeypatch: pytest.MonkeyPatch, service: str) -> None:
    chosen = settings(jwks_file=place.folder / "public.json", signing_keys=place.folder / "private")
    monkeypatch.setattr(config, "_current", chosen)
    keys.make_key(chosen.signing_keys, chosen.jwks_file)
    place.changes |= {"jwks_file": chosen.jwks_file, "signing_keys": chosen.signing_keys}
    [container] = place.serve(service_class(service))
    client = RpcClient(url_of(place.url, "gateway"), "gateway")
    client.link.start()
    place.closing.append(client.link.stop)
    soon(lambda: client.link.is_up)
    assert broker_of(container).apart
    assert not place.health[service].failing()


@pytest.fixture
def tried(place: Place) -> list[str]:
    """Run clinical with a handler that fails once. Yields its attempts."""
    tries: list[str] = []

    def take(_session: Any, _actor: Any, _event: Any) -> None:
        tries.append("tried")
        if len(tries) == 1:
            raise Conflict("closed", "Not now.")

    class ClinicalService(Service):
        name = "clinical"
        on_visit_started = hears(VisitStarted, take)

    place.serve(ClinicalService)
    return tries


def start_a_visit(url: str) -> None:
    """Publish the start of a visit, as scheduling does."""
    publisher = ConfirmedPublisher(url_of(url, "scheduling"), lambda _channel: None)
    publisher.link.start()
    soon(lambda: publisher.link.is_up)
    publisher.publish([message(VisitStarted, key=VISITS)])
    publisher.link.stop()


def exists(narrow: Narrow, queue: str) -> bool:
    """Whether a queue exists."""
    with connected(narrow.admin_url) as open_channel:
        try:
            open_channel().queue_declare(queue, passive=True)
        except NotFound:
            return False
    return True


def reconnect(broker: Broker) -> None:
    """Cut the publishing link of a service, and wait until it has reconnected."""
    link = broker.publisher.link
    connection = link.connection
    link._hang_up(connection)
    soon(lambda: link.is_up and link.connection is not connection)


def test_deleted_delay_queue_is_declared_again_after_a_reconnect(
    narrow: Narrow, place: Place, tried: list[str]
) -> None:
    narrow.delete(WAITS)
    reconnect(broker_of(place.containers[0]))
    assert exists(narrow, WAITS)
    soon(lambda: not place.health["clinical"].failing())
    start_a_visit(narrow.url)
    soon(lambda: len(tried) == 2)


def test_deleted_delay_queue_is_declared_again_after_the_next_failure(
    narrow: Narrow, place: Place, tried: list[str]
) -> None:
    link = broker_of(place.containers[0]).publisher.link
    connection = link.connection
    narrow.delete(WAITS)
    start_a_visit(narrow.url)
    soon(lambda: exists(narrow, WAITS))
    assert (link.connection, len(tried)) == (connection, 1)


def test_missing_queue_of_a_receiver_is_reported_and_stops_no_service(narrow: Narrow, place: Place) -> None:
    queue = PrescriptionAdded.queue_of(*PrescriptionAdded.heard_by)
    labels = {"service": "clinical", "queue": queue}
    before = REGISTRY.get_sample_value("matron_queues_deleted_total", labels) or 0.0
    narrow.delete(queue)
    place.serve(service_class("clinical"))
    assert not place.health["clinical"].failing()
    assert REGISTRY.get_sample_value("matron_queues_deleted_total", labels) == before + 1
    assert not exists(narrow, queue)
    narrow.declare_everything()


def test_events_stay_in_the_outbox_while_a_shared_exchange_is_missing(narrow: Narrow, place: Place) -> None:
    [container] = place.serve(service_class("clinical"))
    with connected(narrow.admin_url) as open_channel:
        open_channel().exchange_delete("clinical.internal")
    broker_of(container).publisher.link._hang_up(broker_of(container).publisher.link.connection)
    soon(lambda: place.health["clinical"].failing() == ["clinical.broker.events"])
    narrow.declare_everything()
    assert soon(lambda: not place.health["clinical"].failing())


def test_empty_delay_queues_of_an_older_version_are_deleted(narrow: Narrow) -> None:
    with connected(narrow.admin_url) as open_channel:
        channel = open_channel()
        for queue in ("delay-1000", "delay-2000"):
            channel.queue_declare(queue, durable=True, auto_delete=False)
        Outgoing(b"{}", "", "delay-2000").send(channel)
        remove_shared_waits(open_channel, (1.0, 2.0, 3.0))
    assert (exists(narrow, "delay-1000"), exists(narrow, "delay-2000")) == (False, True)


def test_former_event_queues_of_auth_are_deleted(narrow: Narrow) -> None:
    old = "evt-scheduling-visit_started--auth.on_visit_started"
    with connected(narrow.admin_url) as open_channel:
        channel = open_channel()
        channel.queue_declare(old, durable=True, auto_delete=False)
        channel.queue_bind(old, "scheduling.events", "visit_started")
        Outgoing(b"{}", "", old).send(channel)
        remove_unheard_queues(channel)
    assert not exists(narrow, old)


def test_former_events_of_auth_name_no_handler_of_auth() -> None:
    events = {event.event_name(): event for event in events_of("scheduling")}
    assert [name for name in NO_LONGER_HEARD if f"auth.on_{name}" in events[name].heard_by] == []
