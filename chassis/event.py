"""The base of events: facts that a service says once, and that others act on, each in their own time."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar
from uuid import UUID

from marshmallow import EXCLUDE, Schema, fields

from chassis.contract import is_plain, snake_case


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event that is being handled comes from."""

    event_id: UUID
    source: str
    name: str
    sequence: int
    occurred_at: datetime
    subject: str
    correlation_id: str


class Event:
    """A fact that others act on. Subclasses declare marshmallow fields, which become the data of the instance.

    `heard_by` names every handler of our own services as `service.on_event`, so that the publisher can declare their
    queues before they have ever run; `hears` refuses a handler that is not named here.
    """

    service: ClassVar[str]
    subject: ClassVar[str]
    """The field that says which record the event is about."""
    heard_by: ClassVar[tuple[str, ...]] = ()
    for_outside: ClassVar[bool] = False
    """Said for other systems although none of our own services listens."""
    broadcast: ClassVar[bool] = False
    """Heard by every process, in a queue of its own: see `chassis.revocations`."""
    internal: ClassVar[bool] = False
    """Contact details and the like: goes through an exchange that no outside account can read."""
    example: ClassVar[dict[str, Any]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if not hasattr(cls, "service"):
            return  # A base of several events.
        known = _events.setdefault(cls.event_name(), cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"the event name {cls.event_name()} is taken: names are unique across services")

    def __init__(self, **data: Any) -> None:
        missing = self.schema().fields.keys() - data.keys()
        unknown = data.keys() - self.schema().fields.keys()
        if missing or unknown:
            raise TypeError(f"{type(self).__name__}: missing {sorted(missing)}, unknown {sorted(unknown)}")
        self.data = data

    @classmethod
    @cache
    def schema(cls) -> Schema:
        """The schema of the data. A newer publisher's unknown fields are passed over."""
        declared = {
            name: value
            for base in reversed(cls.__mro__)
            for name, value in vars(base).items()
            if isinstance(value, fields.Field)
        }
        return Schema.from_dict(declared, name=f"{cls.__name__}Data")(unknown=EXCLUDE)

    def plain(self) -> dict[str, Any]:
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
        """Where it is published."""
        return f"{cls.service}.{'internal' if cls.internal else 'events'}"

    @classmethod
    def queue_of(cls, handler: str) -> str:
        """The queue of a handler, named as nameko names it; `handler` is `service.on_event`."""
        return f"evt-{cls.service}-{cls.event_name()}--{handler}"


_events: dict[str, type[Event]] = {}


def events_of(service: str | None = None) -> list[type[Event]]:
    """All events that have been declared, or those of one service."""
    return [event for event in _events.values() if service in (None, event.service)]
