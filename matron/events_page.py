"""docs/events.md: the events for other systems, written from the contracts of the public events."""

import json
from collections.abc import Sequence

from chassis.event import Event
from chassis.messaging.topology import ALL_EVENTS
from gateway.documents import asyncapi
from gateway.documents.objects import Schema

HEAD = f"""# Events for other systems

`make docs` writes this page from the contracts: do not edit it. [asyncapi.json](asyncapi.json) has the same for
programs; the gateway serves it at `/asyncapi.json`.

## Subscribe

Ask the operator of the hospital for an account on the broker (RabbitMQ 4, AMQP 0-9-1). Declare your own queue. Its
name begins with the name of your account. Bind it to the exchange `{ALL_EVENTS}`, once for each event:

```python
channel.queue_declare("partner.visits", durable=True, arguments={{"x-queue-type": "quorum"}})
channel.queue_bind("partner.visits", "{ALL_EVENTS}", "visit_completed")
```

The routing key `#` binds all events, also those of later versions. Acknowledge a message after you have stored its
effect.

## Messages

A message is a [CloudEvent](https://cloudevents.io) 1.0 in binary mode, as in the RabbitMQ binding of the official
SDKs: the body is the data, as JSON in UTF-8. The attributes are headers with the prefix `ce-`. In Python:

```python
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event

event = from_rabbitmq_event(RabbitMQMessage(properties.headers, properties.content_type, body))
```

The property `user_id` is the broker account that sent the message, such as `scheduling`. The broker has checked it.

The other binding of the SDK, `amqp`, is for AMQP 1.0 with the prefix `cloudEvents_`. It cannot read these messages.

"""
PROMISES = """
## Guarantees

- **At least once.** Every event is delivered, also after a failure of the broker or of a service. It may be delivered
  twice, with the same `ce-id`: store the ids of 30 days, and ignore known ones.
- **Order.** The events of one source arrive in the order of `ce-sequence`, unless you return messages to your queue or
  use several consumers. Of two events about one record, the event with the higher `revision` is the newer one: ignore
  the older.
- **Visible gaps.** `ce-sequence` grows by 1 with each public event of a source. If you bind `#`, a missing number is
  a lost event: request it (see below). If you bind some keys only, the events of other keys leave gaps too.
- **Compatible changes.** A version may add fields and events: ignore unknown ones. Any other change is a new event
  with the suffix `_v2`. Both are sent until every subscriber has moved.

## Data that events do not contain

Events contain no names or addresses of patients, no reasons for a visit, no findings, no prescriptions, and nothing
that helps to sign in. Ids are the same everywhere: request the other data over HTTP, with an account that may see it.

## After an outage

Your queue keeps messages while you are away, within the limits of the broker's policy: 256 MiB, or 14 days without a
consumer. Beyond 256 MiB the oldest messages are dropped. After 14 days the queue is deleted. A gap in `ce-sequence`
shows lost events: if 45 of `/scheduling` follows 41, ask the operator within 30 days to run

```
matron events replay scheduling --from-sequence 42 --to-sequence 44 --to partner.visits
```

The command sends all public events of that source with these numbers to your queue only, in their order. Each has its
original `ce-id` and `ce-sequence`. They arrive behind the messages that already wait in your queue, so compare
`revision`, and keep consuming. Ignore each `ce-id` that you know.

- If your queue was deleted, declare and bind it again first. Then ask for `--from-sequence` with the number after your
  last event, without `--to-sequence`: you get all events from there to the present.
- If you bind some keys only, ask by time and name: `--since TIME --name visit_started --name visit_completed`.
- The command prints how many of the numbers have no event: events older than 30 days, and events that named a person
  who was erased since. `user_erased` reports the erasure. For the others, read the present state over HTTP.

"""


def as_markdown() -> str:
    """The whole page."""
    events = asyncapi.public_events()
    attributes = _table(("header", "meaning"), [(f"`{n}`", a["description"]) for n, a in asyncapi.ATTRIBUTES.items()])
    rows = [(f"[{e.event_name()}](#{e.event_name()})", f"`/{e.service}`", asyncapi.text_of(e)) for e in events]
    listed = _table(("event and routing key", "source", "when"), rows)
    return f"{HEAD}{attributes}{PROMISES}## All events\n\n{listed}\n" + "\n".join(map(_section, events))


def _section(event: type[Event]) -> str:
    properties = asyncapi.schema_of(event)["properties"].items()
    rows = [(f"`{name}`", _kind(schema), schema["description"]) for name, schema in properties]
    example = json.dumps(event.example, indent=2, sort_keys=True)
    subject = f"Subject: `{event.subject}`. Schema: `urn:matron:event:{event.event_name()}`."
    fields = _table(("field", "type", "meaning"), rows)
    return f"### {event.event_name()}\n\n{asyncapi.text_of(event)}\n{subject}\n\n{fields}\n```json\n{example}\n```\n"


def _kind(schema: Schema) -> str:
    """A type in words: `string, uuid`, or the allowed values."""
    if "enum" in schema:
        return ", ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "items" in schema:
        return f"list of {_kind(schema['items'])}"
    types = schema.get("type", "any")
    named = " or ".join(types) if isinstance(types, list) else str(types)
    return f"{named}, {schema['format']}" if "format" in schema else named


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)
