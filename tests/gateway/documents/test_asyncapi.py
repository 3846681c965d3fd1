"""The AsyncAPI document and the page of events match the contracts."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from chassis.event import Event
from chassis.messaging import outbox
from gateway.documents import asyncapi
from gateway.documents.openapi import as_text
from matron.events_page import as_markdown
from tests.guards.house import events

DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT: dict[str, Any] = json.loads(as_text(asyncapi.document()))
MESSAGES = DOCUMENT["components"]["messages"]
PAGE = as_markdown()


def referred(made: Any) -> set[str]:
    """Return all targets of references in a document."""
    if isinstance(made, dict):
        own = {made["$ref"]} if isinstance(made.get("$ref"), str) else set[str]()
        return own.union(*(referred(one) for one in made.values()))
    return set[str]().union(*(referred(one) for one in made)) if isinstance(made, list) else set()


def test_committed_documents_match_the_contracts() -> None:
    assert (DOCS / "asyncapi.json").read_text("utf-8") == as_text(asyncapi.document()), "run `make docs`"
    assert (DOCS / "events.md").read_text("utf-8") == PAGE, "run `make docs`"


def test_document_has_exactly_the_public_events() -> None:
    public = {event.event_name() for event in events() if not event.internal}
    assert set(DOCUMENT["channels"]) == set(MESSAGES) == public
    assert {name.removeprefix("send_") for name in DOCUMENT["operations"]} == public


def resolved(reference: str) -> Any:
    """Return the target of a reference. None: it does not exist."""
    found: Any = DOCUMENT
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def test_references_all_resolve() -> None:
    assert [reference for reference in referred(DOCUMENT) if resolved(reference) is None] == []


@pytest.mark.parametrize("event", asyncapi.public_events(), ids=lambda event: event.event_name())
def test_example_matches_its_schemas(event: type[Event]) -> None:
    message = MESSAGES[event.event_name()]
    [example] = message["examples"]
    jsonschema.validate(example["payload"], DOCUMENT["components"]["schemas"][message["title"]])
    jsonschema.validate(example["headers"], message["headers"])
    assert all(f"`{field}`" in PAGE for field in event.schema().fields)


def test_headers_are_those_of_the_relay() -> None:
    row: Any = type("Row", (), {"occurred_at": outbox.clock.now()})
    for name in ("event_id", "name", "internal", "subject", "data", "correlation_id"):
        setattr(row, name, "")
    row.sequence = 1
    assert set(outbox.message_of("ward", row).headers) == set(asyncapi.ATTRIBUTES)


def test_meanings_cover_exactly_the_fields() -> None:
    known = {name for event in asyncapi.public_events() for name in event.schema().fields}
    assert set(asyncapi.MEANINGS) == known
