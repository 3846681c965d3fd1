"""docs/events.md: what there is to hear for other systems, made from the contracts of the public events."""

import json
from collections.abc import Sequence
from typing import Any

from chassis.event import Event
from chassis.messaging.topology import ALL_EVENTS
from gateway.documents import asyncapi

HEAD = f"""# Events for other systems

Made by `make docs` from the contracts; do not edit. For programs the same is in [asyncapi.json](asyncapi.json),
which the gateway also serves at `/asyncapi.json`.

## To subscribe

Ask the hospital's operator for an account on the broker (RabbitMQ 4, AMQP 0-9-1). With it, declare a queue of your
own, named after the account, and bind it to the exchange `{ALL_EVENTS}`, once for each event that you want:

```python
channel.queue_declare("partner.visits", durable=True, arguments={{"x-queue-type": "quorum"}})
channel.queue_bind("partner.visits", "{ALL_EVENTS}", "visit_completed")
```

`#` as the key takes all, those of later versions too. Acknowledge a message when its effect is safe with you.

## What is sent

A message is a [CloudEvent](https://cloudevents.io) 1.0 in binary mode, as the RabbitMQ binding of the official SDKs
has it: the body is the data, as JSON in UTF-8, and the attributes are headers with the prefix `ce-`. In Python:

```python
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event

event = from_rabbitmq_event(RabbitMQMessage(properties.headers, properties.content_type, body))
```

The property `user_id` names the broker account that sent the message, such as `scheduling`: the broker has checked it.

The SDK's other binding, `amqp`, is for AMQP 1.0 and its prefix `cloudEvents_`; it does not read these messages.

"""
PROMISES = """
## What is promised

- **At least once.** What has happened is told, also when the broker or a service was down in between. It may be
  told twice, with the same `ce-id`: keep the ids that you have had, for 30 days, and pass over those.
- **In order.** The events of one source come in the order of their `ce-sequence`, unless you hand some back to your
  queue or use several consumers. Of two events about one record, the one with the higher `revision` is the later:
  let an earlier one change nothing.
- **A gap can be seen.** `ce-sequence` grows by one with each public event of a source. Who binds `#` and misses one
  has lost it, and can have it again (see below); who binds some keys only sees gaps where the others are.
- **Newer fields are no change.** A version may add fields and events: pass over what you do not know. Whatever else
  would change is a new event with `_v2` in its name, and both are sent until every subscriber has moved.

## What is left out

Names and addresses of patients, reasons for a visit, findings, what is prescribed, and everything that signs
anybody in. Ids are the same everywhere; who may see the rest asks the HTTP interface for it, with an account that
may.

## After an outage

Your queue keeps what comes while you are away, as long as the broker's policy says: 256 MiB or 14 days without a
consumer, then the oldest messages go, and in the end the queue. What was lost shows as a gap in `ce-sequence`: when 41
of `/scheduling` is followed by 45, ask the operator, within 30 days, for

```
matron events replay scheduling --from-sequence 42 --to-sequence 44 --to partner.visits
```

It sends all public events of that source with these numbers to your queue alone, in their order, each with the `ce-id`
and `ce-sequence` that it had. They come after what waits in the queue already, so go by `revision`, and keep consuming
meanwhile. What you have had already has the `ce-id` that you know.

- When the queue itself is gone, declare and bind it again first, then ask for `--from-sequence`, with the number
  after the last one that you had, and without `--to-sequence`: all from there to the present.
- Who binds some keys only asks by time, and names them: `--since TIME --name visit_started --name visit_completed`.
- The command says how many of the numbers have no event any more: those older than 30 days, and those which named a
  person who has been erased since. Of these `user_erased` tells; for the others, read the present state over HTTP.

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


def _kind(schema: dict[str, Any]) -> str:
    """A type as one reads it: `string, uuid`, or the values that there are."""
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
