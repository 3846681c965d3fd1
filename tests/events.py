"""Events as handlers get them, for tests that care about a few of their fields."""

from typing import Any, TypeVar

from chassis.event import Event

E = TypeVar("E", bound=Event)


def example_of(event: type[E], **fields: Any) -> E:
    """The example of an event's contract, with these fields in place of its own."""
    shown = event.schema().load(event.example)
    return event(**{**shown.data, **fields})
