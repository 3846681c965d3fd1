"""Each account of the broker has the rights that its process needs, and no others. Needs no broker."""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from chassis.config import SERVICES
from chassis.event import Event
from chassis.messaging import revocations, topology
from contracts.auth.events import SessionRevoked
from deploy.rabbitmq import accounts
from tokens.revoked import Revoked
from transports.declarations import Sparing
from transports.senders import Senders

DELAYS = (1.0, 600.0)
POLICIES = json.loads((Path(accounts.__file__).with_name("definitions.json")).read_text())["policies"]
Use = tuple[str, str]


class Asked:
    """A channel that records the rights that RabbitMQ would check, as (right, name), and the bindings."""

    def __init__(self) -> None:
        self.uses: set[Use] = set()
        self.bound: set[tuple[str, str]] = set()
        self.queues: set[str] = set()

    @property
    def connection(self) -> "Asked":
        return self

    def channel(self) -> "Asked":
        return self

    def close(self) -> None:
        """Do nothing."""

    def exchange_declare(self, *, exchange: str, passive: bool = False, **_options: Any) -> None:
        self.uses |= set() if passive else {("configure", exchange)}

    def queue_declare(
        self, *, queue: str, passive: bool = False, arguments: dict[str, Any] | None = None, **_options: Any
    ) -> None:
        self.uses |= set() if passive else {("configure", queue)}
        self.uses |= {("read", queue)} if "x-dead-letter-exchange" in (arguments or {}) else set()
        self.queues |= set() if passive else {queue}

    def queue_bind(self, *, queue: str, exchange: str, routing_key: str) -> None:
        self.uses |= {("write", queue), ("read", exchange)}
        self.bound.add((exchange, routing_key))

    def exchange_bind(self, *, destination: str, source: str, routing_key: str) -> None:
        self.uses |= {("write", destination), ("read", source)}
        self.bound.add((source, routing_key))

    def basic_consume(self, queue: str, **_options: Any) -> None:
        self.uses.add(("read", queue))


def heard(service: str) -> Iterator[tuple[type[Event], str]]:
    """The events that a service receives, with their handlers."""
    for event in accounts.all_events():
        for handler in event.heard_by:
            if handler.startswith(f"{service}."):
                yield event, handler


def asked_by(service: str) -> Asked:
    """The rights that a service uses to declare, consume and publish."""
    asked = Asked()
    declaring = Sparing(asked, partial(topology.is_own, service))
    topology.declare_rpc(declaring, service)
    topology.declare_exchanges(declaring, service)
    topology.declare_retries(declaring, service, DELAYS)
    revocations.listen(asked, Senders(service, service), Revoked())
    for event in accounts.all_events():
        for handler in event.heard_by if event.service == service else ():
            topology.declare_event_queue(declaring, event, handler)
    for event, handler in heard(service):
        topology.declare_event_queue(declaring, event, handler)
        asked.uses.add(("read", event.queue_of(handler)))
    asked.uses |= {("read", topology.rpc_queue(service)), ("read", topology.dead_queue(service))}
    asked.uses |= {("write", f"{service}.events"), ("write", f"{service}.internal"), ("write", "amq.default")}
    asked.uses |= {("write", topology.retry_exchange(service, seconds)) for seconds in DELAYS}
    return asked


def may(account: str, right: str, name: str) -> bool:
    """Whether an account has a right on a name."""
    return bool(re.search(getattr(accounts.rights_of(account), right), name))


def may_bind(account: str, exchange: str, key: str) -> bool:
    """Whether an account may bind to an exchange with this key."""
    _write, read = accounts.rights_of(account).topics.get(exchange, (".*", ".*"))
    return may(account, "read", exchange) and bool(re.search(read, key))


def may_publish(account: str, exchange: str, key: str) -> bool:
    """Whether an account may publish to an exchange with this key."""
    write, _read = accounts.rights_of(account).topics.get(exchange, (".*", ".*"))
    return may(account, "write", exchange) and bool(re.search(write, key))


@pytest.mark.parametrize("service", SERVICES)
def test_service_has_all_rights_that_it_uses(service: str) -> None:
    asked = asked_by(service)
    assert {use for use in asked.uses if not may(service, *use)} == set()
    assert {bound for bound in asked.bound if not may_bind(service, *bound)} == set()


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("other", SERVICES)
def test_service_cannot_publish_or_consume_as_another(service: str, other: str) -> None:
    own = service == other
    assert may_publish(service, f"{other}.events", "anything") == own
    assert may_publish(service, f"{other}.internal", "anything") == own
    assert may_bind(service, topology.RPC_EXCHANGE, f"{other}.*") == own
    assert may(service, "read", topology.rpc_queue(other)) == own
    assert may(service, "read", topology.dead_queue(other)) == own
    assert not may_publish(service, topology.RPC_EXCHANGE, f"{other}.get_me")


@pytest.mark.parametrize("service", SERVICES)
def test_service_can_bind_only_events_of_its_contracts(service: str) -> None:
    mine = {event for event, _handler in heard(service)}
    for event in accounts.all_events():
        expected = event in mine or event.broadcast or event.service == service
        assert may_bind(service, event.exchange(), event.event_name()) == expected, event.event_name()


@pytest.mark.parametrize("service", SERVICES)
def test_service_cannot_bind_all_events_of_another(service: str) -> None:
    for other in set(SERVICES) - {service}:
        assert not may_bind(service, f"{other}.internal", "#")
        assert not may_bind(service, f"{other}.events", "#")


EVERYTHING = sorted({
    *(name for service in SERVICES for name in (f"{service}.events", f"{service}.internal")),
    *(name for service in SERVICES for name in (topology.rpc_queue(service), topology.dead_queue(service))),
    *(topology.delay_queue(service, seconds) for service in SERVICES for seconds in DELAYS),
    *(topology.retry_exchange(service, seconds) for service in SERVICES for seconds in DELAYS),
    *(event.queue_of(handler) for event in accounts.all_events() for handler in event.heard_by),
    *(topology.RPC_EXCHANGE, topology.ALL_EVENTS, topology.UNROUTED, "delay-1000", "retry-1000", "amq.topic"),
})  # fmt: skip


@pytest.mark.parametrize("service", SERVICES)
def test_service_declares_and_deletes_only_its_own_objects(service: str) -> None:
    own = {name for name in EVERYTHING if topology.is_own(service, name)}
    assert {name for name in EVERYTHING if may(service, "configure", name)} == own
    assert not own & {
        name for other in set(SERVICES) - {service} for name in EVERYTHING if topology.is_own(other, name)
    }


@pytest.mark.parametrize("service", SERVICES)
def test_service_reads_only_its_own_queues(service: str) -> None:
    exchanges = {topology.RPC_EXCHANGE, f"{service}.events", f"{service}.internal", *accounts.heard_by(service)}
    readable = {name for name in EVERYTHING if may(service, "read", name)}
    assert {name for name in readable - exchanges if not topology.is_own(service, name)} == set()


def test_processes_of_an_earlier_version_keep_their_rights_during_an_upgrade() -> None:
    older = accounts.rights_of("clinical", older=True)
    for name in ("delay-1000", "retry-1000", "nameko-rpc", "hospital.events", "clinical.events", "auth.internal"):
        assert re.search(older.configure, name)
        assert not may("clinical", "configure", name)


@pytest.mark.parametrize("service", SERVICES)
def test_no_service_publishes_to_the_public_exchange(service: str) -> None:
    assert not may_publish(service, topology.ALL_EVENTS, "visit_completed")


def test_gateway_may_only_send_requests() -> None:
    assert may_publish(accounts.GATEWAY, topology.RPC_EXCHANGE, "scheduling.book_appointment")
    assert not may_publish(accounts.GATEWAY, topology.RPC_EXCHANGE, "another.book_appointment")
    everything = {use for service in SERVICES for use in asked_by(service).uses}
    allowed = {use for use in everything if may(accounts.GATEWAY, *use)}
    assert allowed <= {("write", topology.RPC_EXCHANGE), ("read", "auth.internal")}


def test_gateway_receives_only_ended_sessions() -> None:
    asked = Asked()
    revocations.listen(asked, Senders(accounts.GATEWAY, accounts.GATEWAY), Revoked())
    assert {use for use in asked.uses if not may(accounts.GATEWAY, *use)} == set()
    heard = {event.event_name() for event in accounts.all_events() if may_bind(accounts.GATEWAY, *key_of(event))}
    assert heard == {"session_revoked"}


def test_broadcast_event_is_received_by_every_process() -> None:
    assert key_of(SessionRevoked) == (revocations.EXCHANGE, revocations.EVENT)
    assert SessionRevoked.schema().fields.keys() >= {"session_id", "ends_at"}


def key_of(event: type[Event]) -> tuple[str, str]:
    """Where an event is published, and under which key."""
    return event.exchange(), event.event_name()


def test_partner_binds_its_own_queues_to_public_events() -> None:
    assert may(accounts.PARTNER, "configure", "partner.visits")
    assert may(accounts.PARTNER, "write", "partner.visits")
    assert may(accounts.PARTNER, "read", "partner.visits")
    assert may_bind(accounts.PARTNER, topology.ALL_EVENTS, "#")


def test_partner_has_no_rights_on_our_objects() -> None:
    everything = {use for service in SERVICES for use in asked_by(service).uses}
    assert {use for use in everything if may(accounts.PARTNER, *use)} == set()
    assert not may(accounts.PARTNER, "write", topology.ALL_EVENTS)


@pytest.mark.parametrize("service", SERVICES)
def test_delivery_limit_drops_no_message(service: str) -> None:
    delays = {topology.delay_queue(service, seconds) for seconds in DELAYS}
    for queue in asked_by(service).queues - delays - {topology.rpc_queue(service)}:
        (policy,) = [found["definition"] for found in POLICIES if re.search(found["pattern"], queue)]
        assert policy == {"delivery-limit": 1_000_000_000}, queue


def test_no_policy_applies_to_queues_with_arguments() -> None:
    names = [topology.delay_queue("auth", 1.0), topology.rpc_queue("auth")]
    assert not [found for found in POLICIES for name in names if re.search(found["pattern"], name)]


def test_queues_of_partners_are_limited() -> None:
    (policy,) = [found["definition"] for found in POLICIES if re.search(found["pattern"], "partner.visits")]
    assert policy.keys() == {"max-length-bytes", "message-ttl", "expires", "overflow"}
    assert policy["overflow"] == "drop-head", "a full queue of a partner must not stop our relay"


def test_unrouted_messages_are_kept_except_on_the_public_exchange() -> None:
    (policy,) = [found for found in POLICIES if "alternate-exchange" in found["definition"]]
    covered = [f"{service}.{kind}" for service in SERVICES for kind in ("events", "internal")]
    assert all(re.search(policy["pattern"], name) for name in covered)
    assert not re.search(policy["pattern"], topology.ALL_EVENTS)
