"""What a service does without being asked: how events and timers are done, each in transactions of its own."""

import zlib
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import func, select

from chassis.event import Event
from chassis.execution.run import Host, add_events, retrying, wake
from chassis.identity import Actor
from chassis.messaging import inbox
from chassis.persistence.database import Session


def run_event(host: Host, event: type[Event], handler: str, work: Callable[..., Any], data: Mapping[str, Any]) -> None:
    """Do an event's work once, in one transaction with the claim of its id."""
    origin = host.call.origin
    assert origin is not None  # noqa: S101  the entrypoint has read it
    actor = Actor.system(origin=origin, request_id=origin.correlation_id)
    heard = event.read(data, origin)
    published = retrying(lambda: _handle(host, actor, heard, handler, work))
    if published:
        host.relay.wake()


def _handle(host: Host, actor: Actor, heard: Event, handler: str, work: Callable[..., Any]) -> bool:
    with host.database.begin() as session:
        if inbox.claim(session, heard.origin.event_id, handler):
            work(session, actor, heard)
            add_events(session, actor)
    return bool(session.published)


def run_timer(
    host: Host,
    name: str,
    work: Callable[..., Any],
    outside: Callable[[Any], Any] | None = None,
    then: Callable[[Session, Actor, Any, Any], Any] | None = None,
) -> None:
    """Do a timer's work in one transaction, or around an outside call; one process begins it at a time."""
    actor = Actor.system(request_id=f"timer-{name}")
    plan = _transact(host, actor, lambda session: work(session, actor) if _is_mine(session, name) else None)
    if outside is not None and then is not None and plan:
        outcome = outside(plan)
        _transact(host, actor, lambda session: then(session, actor, plan, outcome))


def _transact(host: Host, actor: Actor, work: Callable[[Session], Any]) -> Any:
    with host.database.begin() as session:
        result = work(session)
        add_events(session, actor)
    wake(host, session)
    return result


def _is_mine(session: Session, name: str) -> bool:
    """Whether no other process is at this timer's work just now."""
    lock = select(func.pg_try_advisory_xact_lock(zlib.crc32(name.encode())))
    return not session.is_postgresql or bool(session.execute(lock).scalar_one())
