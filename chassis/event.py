"""The base of events: a service publishes a fact once, and other services act on it when they can."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypedDict, Unpack, cast
from uuid import UUID

from marshmallow import EXCLUDE

from chassis.contract import is_plain, snake_case
from records.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Origin:
    """The source of an event."""

    event_id: UUID
    source: str
    name: str
    sequence: int
    occurred_at: datetime
    subject: str
    correlation_id: str


class EventFacts(TypedDict, total=False):
    """The arguments of an event's class; `Event` explains each."""

    service: str
    subject: str
    heard_by: tuple[str, ...]
    for_outside: bool
    broadcast: bool
    internal: bool


class Event(Record):
    """A fact that others act on. The facts of a contract are the arguments of its class; its bases may leave them out.

    `heard_by` names every handler of our own services as `service.on_event`, so that the publisher can declare their
    queues before they have ever run; `hears` refuses a handler that is not named here.
    """

    unknown = EXCLUDE
    """A newer publisher's unknown fields are ignored."""
    service: ClassVar[str]
    subject: ClassVar[str]
    """The field with the id of the record that the event is about."""
    heard_by: ClassVar[tuple[str, ...]] = ()
    for_outside: ClassVar[bool] = False
    """Published for other systems although none of our own services listens."""
    broadcast: ClassVar[bool] = False
    """Heard by every process, in a queue of its own: see `chassis.messaging.revocations`."""
    internal: ClassVar[bool] = False
    """Contact details and the like: goes through an exchange that no outside account can read."""
    example: ClassVar[dict[str, Any]]
    origin: ClassVar[Origin]
    """The source of an event that a handler gets."""

    def __init_subclass__(cls, **facts: Unpack[EventFacts]) -> None:
        super().__init_subclass__()
        for name, value in facts.items():
            setattr(cls, name, value)
        if "service" not in facts:
            return  # A base of several events.
        known = _events.setdefault(cls.event_name(), cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"the event name {cls.event_name()} is taken: names are unique across services")

    @classmethod
    def read(cls, data: "Mapping[str, object]", origin: Origin) -> Self:
        """The event in a message. ValidationError: the data is not that of this event."""
        made = cast("Self", cls.schema().load(data))
        made.__dict__["origin"] = origin
        return made

    @property
    def data(self) -> dict[str, object]:
        """The fields by name, as native values."""
        return self.given()

    def plain(self) -> dict[str, object]:
        """The data as it is stored and sent: native values that orjson writes, or what marshmallow makes of them."""
        return self.data if self._is_plain() else dict(self.schema().dump(self.data))

    @classmethod
    @cache
    def _is_plain(cls) -> bool:
        return all(is_plain(declared) for declared in cls.schema().fields.values())

    @classmethod
    @cache
    def event_name(cls) -> str:
        """The event's name, which is its routing key."""
        return snake_case(cls.__name__)

    @classmethod
    def exchange(cls) -> str:
        """The exchange that takes the event."""
        return f"{cls.service}.{'internal' if cls.internal else 'events'}"

    @classmethod
    def queue_of(cls, handler: str) -> str:
        """The queue of a handler, named as nameko names it; `handler` is `service.on_event`."""
        return f"evt-{cls.service}-{cls.event_name()}--{handler}"


_events: dict[str, type[Event]] = {}


def events_of(service: str | None = None) -> list[type[Event]]:
    """All events that have been declared, or those of one service."""
    return [event for event in _events.values() if service in (None, event.service)]
