"""Events for handlers, for tests that need a few of their fields."""

from typing import Any, TypeVar

from chassis.event import Event

E = TypeVar("E", bound=Event)


def example_of(event: type[E], **fields: Any) -> E:
    """The example of an event, with these fields replaced."""
    shown = event.schema().load(event.example)
    return event(**{**shown.data, **fields})
