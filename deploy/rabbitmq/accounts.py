"""The rights of each broker account. There is one account per process, with the rights that its contracts need.

RabbitMQ requires `configure` to declare (also an existing object) and to delete. It requires `write` to publish to an
exchange or to bind a queue. It requires `read` to consume or purge a queue, to bind to an exchange, or to declare a
queue with a dead-letter exchange. Topic rights also restrict routing keys, so that an account can read some events of
an exchange. A right for a name covers both the exchange and the queue of that name.
"""  # noqa: INP001  a script's neighbour, not part of a package

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import contracts
from chassis.config import SERVICES
from chassis.event import Event, events_of
from chassis.messaging.topology import ALL_EVENTS, DIRECT_REPLY, RPC_EXCHANGE, dead_queue, rpc_queue

GATEWAY, PARTNER = "gateway", "partner"
PROCESSES = (*SERVICES, GATEWAY)
NO_KEY = "(?!)"
"""Matches no routing key, not even the empty key."""
DEFAULT_EXCHANGE = r"amq\.default"
OLD_DELAYS, OLD_RETRIES = "delay-[0-9]+", "retry-[0-9]+"
"""Objects that all services of an older version share."""
METHOD = "[a-z][a-z0-9_]*"
REPLY_KEY = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""The form of `reply_to` in nameko's own clients."""
PARTNER_LIMITS = {"max-connections": 10, "max-channels": 50}


@dataclass(frozen=True)
class Rights:
    """Regular expressions of names; for topic exchanges, of routing keys to publish with and to bind with."""

    configure: str
    write: str
    read: str
    topics: dict[str, tuple[str, str]] = field(default_factory=dict)


def one_of(*patterns: str) -> str:
    """Return an expression that matches a name if any of the patterns does."""
    return f"^({'|'.join(patterns)})$"


def exactly(names: Iterable[str]) -> list[str]:
    """Return patterns that match exactly these names."""
    return [name.replace(".", r"\.") for name in names]


def heard_by(service: str) -> dict[str, list[str]]:
    """Return the events that a service receives, by exchange."""
    found = defaultdict(list)
    for event in all_events():
        if event.broadcast or any(handler.startswith(f"{service}.") for handler in event.heard_by):
            found[event.exchange()].append(event.event_name())
    return found


def all_events() -> list[type[Event]]:
    """Return every event of the contracts."""
    for service in SERVICES:
        contracts.load(service)
    return events_of()


def of_service(service: str, *, older: bool = False) -> Rights:
    """Return a service's rights: publish its events, receive those of its contracts, reply, and forward failures.

    A service declares and deletes only objects that it alone uses. Replies and dead letters go through the default
    exchange, which reaches every queue and cannot be restricted. `older` adds the rights of an older version, whose
    processes declare shared objects.
    """
    heard = heard_by(service)
    publishes = exactly([f"{service}.events", f"{service}.internal"])
    consumed = [rpc_queue(service), f"evt-[a-z]+-{METHOD}--{service}[.]{METHOD}"]
    waits = [f"delay-{service}-[0-9]+", f"retry-{service}-[0-9]+"]
    rpc, dead, sources = exactly([RPC_EXCHANGE]), dead_queue(service), exactly(heard)
    shared = [*rpc, *exactly([ALL_EVENTS]), *publishes, OLD_DELAYS, OLD_RETRIES, f"evt-{service}-.+"] if older else []
    return Rights(
        configure=one_of(*consumed, *waits, dead, *shared, *(sources if older else ())),
        write=one_of(DEFAULT_EXCHANGE, *rpc, *publishes, *consumed, *waits, *shared),
        read=one_of(*rpc, *publishes, *consumed, *waits, dead, *sources, *((OLD_RETRIES,) if older else ())),
        topics={
            RPC_EXCHANGE: (one_of(REPLY_KEY), one_of(rf"{service}\.\*")),
            **({ALL_EVENTS: (NO_KEY, NO_KEY)} if older else {}),
            **{source: (NO_KEY, one_of(*names)) for source, names in heard.items() if source.split(".")[0] != service},
        },
    )


def of_gateway() -> Rights:
    """Return the gateway's rights: send requests, receive replies by direct reply-to, and receive broadcasts."""
    anything = one_of(rf"({'|'.join(SERVICES)})\.{METHOD}")
    heard, own = heard_by(GATEWAY), f"evt-[a-z]+-{METHOD}--{GATEWAY}[.]{METHOD}"
    replies = rf"{DIRECT_REPLY.replace('.', '[.]')}.*"
    return Rights(
        configure=one_of(own),
        write=one_of(*exactly([RPC_EXCHANGE]), own),
        read=one_of(replies, own, *exactly(heard)),
        topics={
            RPC_EXCHANGE: (anything, NO_KEY),
            **{source: (NO_KEY, one_of(*names)) for source, names in heard.items()},
        },
    )


def of_partner() -> Rights:
    """Return a partner's rights: bind its own queues to the public events."""
    own = rf"{PARTNER}\..+"
    return Rights(one_of(own), one_of(own), one_of(own, *exactly([ALL_EVENTS])))


def rights_of(account: str, *, older: bool = False) -> Rights:
    """Return the rights of an account; `older` as in `of_service`."""
    if account in SERVICES:
        return of_service(account, older=older)
    return of_gateway() if account == GATEWAY else of_partner()


def definitions(vhost: str, passwords: dict[str, str], *, older: bool = False) -> dict[str, Any]:
    """Return accounts and rights in RabbitMQ's import format."""
    document = defaultdict(list)
    for account, password in passwords.items():
        rights = rights_of(account, older=older)
        limits = PARTNER_LIMITS if account == PARTNER else {}
        document["users"].append({"name": account, "password": password, "tags": [], "limits": limits})
        of_whom = {"user": account, "vhost": vhost}
        granted = {"configure": rights.configure, "write": rights.write, "read": rights.read}
        document["permissions"].append({**of_whom, **granted})
        for exchange, (write, read) in rights.topics.items():
            document["topic_permissions"].append({**of_whom, "exchange": exchange, "write": write, "read": read})
    return dict(document)
