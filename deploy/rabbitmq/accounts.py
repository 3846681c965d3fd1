"""Who may do what on the broker: one account per process, with no more than its part of the contracts needs.

RabbitMQ asks for `configure` to declare (also what is there already) and to delete, `write` to publish to an exchange
or to bind a queue, `read` to consume or purge a queue, to bind to an exchange, or to declare a queue with a dead-letter
exchange. On topic exchanges it also looks at the routing key, so that reading one event of an exchange is not reading
all. It has one name for an exchange and a queue that are called alike.
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
"""No routing key at all, not even the empty one."""
DEFAULT_EXCHANGE = r"amq\.default"
OLD_DELAYS, OLD_RETRIES = "delay-[0-9]+", "retry-[0-9]+"
"""What all services shared before each had waits of its own."""
METHOD = "[a-z][a-z0-9_]*"
REPLY_KEY = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""What nameko's own clients give as `reply_to`."""
PARTNER_LIMITS = {"max-connections": 10, "max-channels": 50}


@dataclass(frozen=True)
class Rights:
    """Regular expressions of names, and for some topic exchanges of the routing keys to publish and to bind with."""

    configure: str
    write: str
    read: str
    topics: dict[str, tuple[str, str]] = field(default_factory=dict)


def one_of(*patterns: str) -> str:
    """An expression that matches exactly what one of the patterns does."""
    return f"^({'|'.join(patterns)})$"


def exactly(names: Iterable[str]) -> list[str]:
    """Patterns that match these names and nothing else."""
    return [name.replace(".", r"\.") for name in names]


def heard_by(service: str) -> dict[str, list[str]]:
    """The events that a service hears, by the exchange that they come from."""
    found = defaultdict(list)
    for event in all_events():
        if event.broadcast or any(handler.startswith(f"{service}.") for handler in event.heard_by):
            found[event.exchange()].append(event.event_name())
    return found


def all_events() -> list[type[Event]]:
    """Every event of the contracts."""
    for service in SERVICES:
        contracts.load(service)
    return events_of()


def of_service(service: str, *, older: bool = False) -> Rights:
    """A service publishes its events, hears the events of its contracts, answers, and sends on what failed.

    A service declares and deletes nothing but what it alone uses. The default exchange, which answers and dead letters
    go through, cannot be narrowed: it reaches every queue. `older` adds the rights that processes of a version need
    which still declares what all share.
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
    """The gateway asks the services, takes their answers by direct reply-to, and hears what every process hears."""
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
    """Another system binds queues of its own to everything public, and can do nothing else."""
    own = rf"{PARTNER}\..+"
    return Rights(one_of(own), one_of(own), one_of(own, *exactly([ALL_EVENTS])))


def rights_of(account: str, *, older: bool = False) -> Rights:
    """The rights of an account; `older` as in `of_service`."""
    if account in SERVICES:
        return of_service(account, older=older)
    return of_gateway() if account == GATEWAY else of_partner()


def definitions(vhost: str, passwords: dict[str, str], *, older: bool = False) -> dict[str, Any]:
    """Accounts and rights in the form that RabbitMQ imports."""
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
