"""The AsyncAPI 3.0 document of the public events, generated from their contracts.

Its operations are those of Matron, which sends; subscribers receive. docs/events.md is the same for people.
"""

from collections.abc import Mapping
from functools import cache

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

import contracts
from chassis.config import SERVICES
from chassis.event import Event, events_of
from chassis.messaging.topology import ALL_EVENTS
from gateway.documents import schemas
from gateway.documents.objects import Schema

VERSION = "1"
"""The version of the interface, not of the program."""
JSON = "application/json"
INTRODUCTION = (
    "CloudEvents 1.0 in binary mode: the body is the data, as JSON, and the headers with `ce-` are the attributes. "
    f"Bind one queue to the exchange `{ALL_EVENTS}`. The routing keys are the names of the events that you need. "
    "An event arrives at least once: ignore a `ce-id` that you have handled. docs/events.md lists all guarantees."
)
MEANINGS = {
    "alert_id": "The critical alert.",
    "amount_minor": "An amount in minor units of the currency, such as cents.",
    "appointment_id": "The appointment.",
    "asked_by": "The person who offers a shift.",
    "asked_of": "The colleague asked to take the shift.",
    "author_id": "The doctor or nurse who wrote it.",
    "batch_id": "The batch of a medicine.",
    "break_glass_id": "The emergency access.",
    "by": "The party that acts: `patient`, `doctor`, or `desk` for the hospital.",
    "changed": "The fields that have changed.",
    "currency": "ISO 4217.",
    "decision": "The decision.",
    "doctor_id": "The doctor's account.",
    "discontinued_by": "The doctor who has ended the prescription.",
    "dispense_id": "The dispense.",
    "dispensed_at": "The time of the dispense.",
    "due_at": "The due time; null for none.",
    "ended_at": "The time of the end.",
    "ends_at": "The end.",
    "expires_on": "The last day on which the batch may be dispensed.",
    "former_doctor_id": "The previous doctor; null if the doctor has not changed.",
    "former_owner_id": "The previous owner; null for a new task.",
    "given_by": "The person who assigned the task; null for a task that Matron gave.",
    "in_exchange_id": "The shift that the colleague offers in exchange; null for none.",
    "invoice_id": "The invoice.",
    "is_complete": "Whether no other test of the order is pending.",
    "item_id": "The item of the inventory. Events do not name it.",
    "item_ids": "Items of the inventory.",
    "kind": "The kind of the record.",
    "late": "Whether it was within 24 hours before a confirmed appointment.",
    "level": "The clinical risk (NEWS2): `low`, `red_parameter`, `urgent` or `emergency`; null without a score.",
    "measured_at": "The time of the measurement.",
    "name": "The doctor's name, as the directory shows it.",
    "next_due_at": "The time at which the next vital signs are due; null without a level.",
    "order_id": "The laboratory order.",
    "overbooked": "Whether the desk booked outside the doctor's hours, or at an occupied time.",
    "owner_id": "The owner of the task.",
    "patient_id": "The patient's record.",
    "payment_id": "The payment.",
    "person_id": "The person.",
    "prescription_id": "The prescription. Events do not name its medicines.",
    "priority": "The priority.",
    "quantity": "The quantity, in the unit of the item.",
    "refund_id": "The refund.",
    "raised_at": "The time of the alert.",
    "quantities": "The quantities, each in the unit of its item.",
    "reassign_to": "The person who takes over; null for none.",
    "recipient_ids": "The people to notify; none if all people of a role are.",
    "record_id": "The visit note. Events do not contain its text.",
    "refill_id": "The refill request.",
    "renewed_id": "The new prescription; null without one.",
    "reorder_level": "The stock below which the item is low.",
    "request_id": "The role request.",
    "result_id": "The laboratory result, in all its versions.",
    "result_ids": "The results that were verified together.",
    "revision": "The revision of the record. It grows by one with each change: the higher of two is the later.",
    "role": "The role.",
    "score": "The NEWS2, 0 to 20; null if the reading is incomplete.",
    "shift_id": "The shift.",
    "specialization": "The doctor's specialization.",
    "starts_at": "The start.",
    "status": "The new status of the record.",
    "step": "The step of the ladder.",
    "supersedes_id": "The prescription that this one replaced; null for none.",
    "swap_id": "The swap.",
    "task_id": "The task.",
    "tell_patient": "Whether the patient gets a notification.",
    "until": "The end of the access.",
    "user_id": "The account.",
    "version": "The version of the record. It grows by one with each change.",
    "vitals_id": "The reading of vital signs. Events carry no measured values.",
}
"""The meaning of each field name, which is the same in every event."""
TEXT: Schema = {"type": "string"}
ATTRIBUTES: Mapping[str, Schema] = {
    "ce-specversion": {"const": "1.0", "description": "The version of CloudEvents."},
    "ce-id": {**TEXT, "format": "uuid", "description": "The id of the event, the same for each delivery."},
    "ce-source": {**TEXT, "description": "The service that sends the event, such as `/scheduling`."},
    "ce-type": {**TEXT, "description": "The name of the event."},
    "ce-time": {**TEXT, "format": "date-time", "description": "The time of the event."},
    "ce-subject": {**TEXT, "description": "The id of the record."},
    "ce-dataschema": {**TEXT, "description": "The schema of the data: `urn:matron:event:` and the name of the event."},
    "ce-sequence": {
        **TEXT,
        "pattern": "^[0-9]{19}$",
        "description": "Grows by one with each public event of the source. Its text sorts like its number.",
    },
    "ce-correlationid": {**TEXT, "description": "The request that caused the event: `X-Request-Id` of its HTTP reply."},
}


@cache
def public_events() -> tuple[type[Event], ...]:
    """Return all public events, sorted by name."""
    for service in SERVICES:
        contracts.load(service)
    found = [event for event in events_of() if not event.internal and event.__module__.startswith("contracts.")]
    return tuple(sorted(found, key=lambda event: event.event_name()))


def document() -> dict[str, object]:
    """Return the whole document."""
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


def _channel(event: type[Event]) -> dict[str, object]:
    exchange = {"name": ALL_EVENTS, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": event.event_name(),
        "description": f"The routing key `{event.event_name()}` of the exchange `{ALL_EVENTS}`.",
        "messages": {event.event_name(): {"$ref": f"#/components/messages/{event.event_name()}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}},
    }


def _operation(event: type[Event]) -> dict[str, object]:
    channel = f"#/channels/{event.event_name()}"
    return {
        "action": "send",
        "summary": text_of(event),
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{event.event_name()}"}],
    }


def _message(event: type[Event]) -> dict[str, object]:
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
    """Return the headers of the example."""
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


def schema_of(event: type[Event]) -> Schema:
    """Return the JSON schema of the data. Later versions may add members, which subscribers ignore."""
    plugin = MarshmallowPlugin()
    APISpec("", VERSION, "3.1.0", plugins=[plugin])
    convert = schemas.prepare(plugin)
    made = {name: convert.field2property(field) for name, field in sorted(event.schema().fields.items())}
    properties: dict[str, Schema] = {
        name: {**schema, "description": MEANINGS.get(name, "")} for name, schema in made.items()
    }
    return {"type": "object", "description": text_of(event), "required": list(made), "properties": properties}


def text_of(event: type[Event]) -> str:
    """Return the docstring as one paragraph."""
    return " ".join((event.__doc__ or "").split())
