"""The AsyncAPI 3.0 document of what other systems may hear, made from the contracts of the public events.

Its operations are Matron's, which sends; who subscribes receives. docs/events.md says the same for people.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

import contracts
from chassis.config import SERVICES
from chassis.event import Event, events_of
from chassis.messaging.topology import ALL_EVENTS
from gateway.documents import schemas

VERSION = "1"
"""Of the interface, not of the program."""
JSON = "application/json"
INTRODUCTION = (
    "CloudEvents 1.0 in binary mode: the body is the data, as JSON, and the headers with `ce-` are the attributes. "
    f"Bind one queue to the exchange `{ALL_EVENTS}`, with the names of the events that you want as routing keys. "
    "An event comes at least once: pass over a `ce-id` that you have had. docs/events.md says what else is promised."
)
MEANINGS = {
    "amount_minor": "An amount in minor units of the currency, such as cents.",
    "appointment_id": "The visit.",
    "asked_by": "Who gives a shift away.",
    "asked_of": "Who is asked to take it.",
    "by": "On whose part; the desk's is the hospital's.",
    "changed": "The fields that are not as they were.",
    "currency": "ISO 4217.",
    "decision": "What was decided.",
    "doctor_id": "The doctor's account.",
    "due_at": "When it is to be done; null without a time.",
    "ends_at": "When it ends.",
    "former_doctor_id": "The doctor who has lost the visit; null when the doctor stays.",
    "former_owner_id": "Who had it before; null of a new one.",
    "given_by": "Who gave the task.",
    "in_exchange_id": "The shift that is given for it; null for none.",
    "invoice_id": "The invoice.",
    "late": "Whether it was within 24 hours of an agreed visit.",
    "name": "The doctor's name, as patients see it when they look for one.",
    "overbooked": "Whether it was booked beside the doctor's hours, or at a time that somebody has.",
    "owner_id": "Whose task it is.",
    "patient_id": "The patient's record, which names nobody.",
    "payment_id": "The payment.",
    "person_id": "Whom it is about.",
    "prescription_id": "The prescription; what it prescribes is not told.",
    "priority": "How urgent it is.",
    "reassign_to": "Who takes over what was theirs; null for nobody.",
    "request_id": "The request to be given a role.",
    "revision": "Of the record, growing by one with each change: of two events, the higher one is the later.",
    "role": "The role.",
    "shift_id": "The shift.",
    "specialization": "The doctor's field.",
    "starts_at": "When it begins.",
    "status": "How the record stands after it.",
    "swap_id": "The swap.",
    "task_id": "The task.",
    "tell_patient": "Whether the patient is to be told of it.",
    "user_id": "The account.",
}
"""What a field means, by its name, which means the same in every event."""
TEXT = {"type": "string"}
ATTRIBUTES: Mapping[str, dict[str, Any]] = {
    "ce-specversion": {"const": "1.0", "description": "The version of CloudEvents."},
    "ce-id": {**TEXT, "format": "uuid", "description": "Of the event, the same each time that it comes."},
    "ce-source": {**TEXT, "description": "The service that says it, such as `/scheduling`."},
    "ce-type": {**TEXT, "description": "The event's name."},
    "ce-time": {**TEXT, "format": "date-time", "description": "When it happened."},
    "ce-subject": {**TEXT, "description": "The id of the record that it is about."},
    "ce-dataschema": {**TEXT, "description": "Names the schema of the data: `urn:matron:event:` and the event's name."},
    "ce-sequence": {
        **TEXT,
        "pattern": "^[0-9]{19}$",
        "description": "Grows by one with each public event of the source. As text it sorts as the number does.",
    },
    "ce-correlationid": {**TEXT, "description": "The request that it follows from: `X-Request-Id` of the HTTP reply."},
}


@cache
def public_events() -> tuple[type[Event], ...]:
    """All events that other systems may hear, by name."""
    for service in SERVICES:
        contracts.load(service)
    found = [event for event in events_of() if not event.internal and event.__module__.startswith("contracts.")]
    return tuple(sorted(found, key=lambda event: event.event_name()))


def document() -> dict[str, Any]:
    """The whole document."""
    events = public_events()
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Matron's events", "version": VERSION, "description": INTRODUCTION},
        "defaultContentType": JSON,
        "channels": {event.event_name(): _channel(event) for event in events},
        "operations": {f"send_{event.event_name()}": _operation(event) for event in events},
        "components": {
            "messages": {event.event_name(): _message(event) for event in events},
            "schemas": {event.__name__: schema_of(event) for event in events},
        },
    }


def _channel(event: type[Event]) -> dict[str, Any]:
    exchange = {"name": ALL_EVENTS, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": event.event_name(),
        "description": f"The routing key `{event.event_name()}` of the exchange `{ALL_EVENTS}`.",
        "messages": {event.event_name(): {"$ref": f"#/components/messages/{event.event_name()}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}},
    }


def _operation(event: type[Event]) -> dict[str, Any]:
    channel = f"#/channels/{event.event_name()}"
    return {
        "action": "send",
        "summary": text_of(event),
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{event.event_name()}"}],
    }


def _message(event: type[Event]) -> dict[str, Any]:
    return {
        "name": event.event_name(),
        "title": event.__name__,
        "summary": text_of(event),
        "contentType": JSON,
        "correlationId": {"location": "$message.header#/ce-correlationid"},
        "headers": {"type": "object", "required": list(ATTRIBUTES), "properties": dict(ATTRIBUTES)},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "examples": [{"headers": headers_of(event), "payload": event.example}],
    }


def headers_of(event: type[Event]) -> dict[str, str]:
    """The headers of its example."""
    return {
        "ce-specversion": "1.0",
        "ce-id": "01919c5e-0000-7000-8000-0000000000e1",
        "ce-source": f"/{event.service}",
        "ce-type": event.event_name(),
        "ce-time": "2026-11-22T12:00:00+00:00",
        "ce-subject": str(event.example[event.subject]),
        "ce-dataschema": f"urn:matron:event:{event.event_name()}",
        "ce-sequence": f"{4711:019}",
        "ce-correlationid": "01919c5e-0000-7000-8000-0000000000f1",
    }


def schema_of(event: type[Event]) -> dict[str, Any]:
    """The JSON schema of its data. More members may come with a later version, and are to be passed over."""
    plugin = MarshmallowPlugin()
    APISpec("", VERSION, "3.1.0", plugins=[plugin])
    convert = schemas.prepare(plugin.converter)
    made = {name: convert.field2property(field) for name, field in sorted(event.schema().fields.items())}
    properties = {name: {**schema, "description": MEANINGS.get(name, "")} for name, schema in made.items()}
    return {"type": "object", "description": text_of(event), "required": list(made), "properties": properties}


def text_of(event: type[Event]) -> str:
    """The docstring as one paragraph."""
    return " ".join((event.__doc__ or "").split())
