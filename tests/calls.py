"""Calls of tests: the facts of a request, and the delivery of an event."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chassis.call import Call
from chassis.event import Origin
from chassis.identity import SYSTEM, Actor
from chassis.persistence.database import Session


@contextmanager
def called(session: Session, **facts: Any) -> Iterator[None]:
    """Give the session's work the facts of a request, such as `if_match`, within the block."""
    before, session.call = session.call, Call(**facts)
    try:
        yield
    finally:
        session.call = before


def delivered(session: Session, origin: Origin) -> Actor:
    """Deliver an event from this origin to the session; returns the actor of its handler."""
    session.call = Call(origin=origin)
    return SYSTEM
