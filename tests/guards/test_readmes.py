"""The README of each service has the usual headings, and lists exactly its events."""

import re

import pytest

from chassis.config import SERVICES
from tests.guards.house import ROOT, events, members_with

HEADINGS = ["Nouns and states", "Events out", "Events in", "Who calls it", "Rules worth knowing"]
FIRST_CELL = re.compile(r"^\| (`[^|]*) \|", re.MULTILINE)
NAME = re.compile(r"`([a-z_]+)`")

each_service = pytest.mark.parametrize("service", SERVICES)


def sections(service: str) -> dict[str, str]:
    """The sections of a service's README, by heading."""
    text = (ROOT / "services" / service / "README.md").read_text("utf-8")
    _before, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return {heading: body for heading, _line, body in (part.partition("\n") for part in parts)}


def rows(service: str, heading: str) -> list[str]:
    """The events in the first column of a table, with repetitions."""
    return sorted(name for cell in FIRST_CELL.findall(sections(service)[heading]) for name in NAME.findall(cell))


@each_service
def test_each_service_has_a_readme_with_the_same_headings(service: str) -> None:
    assert list(sections(service)) == HEADINGS, f"services/{service}/README.md: a reader looks for these, in this order"


@each_service
def test_readme_lists_the_events_of_its_service(service: str) -> None:
    published = sorted(event.event_name() for event in events() if event.service == service)
    reason = f"services/{service}/README.md, Events out: one row for each event of contracts/{service}"
    assert rows(service, "Events out") == published, reason


@each_service
def test_readme_lists_the_events_that_its_service_receives(service: str) -> None:
    heard = sorted({handler.event.event_name() for handler in members_with("event")[service].values()})
    reason = f"services/{service}/README.md, Events in: one row for each `hears` of its table"
    assert rows(service, "Events in") == heard, reason
