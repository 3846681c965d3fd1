"""The page of each service: the same headings, in which a reader looks for the same, and its events, which go stale."""

import re

import pytest

from chassis.config import SERVICES
from tests.guards.house import ROOT, events, members_with

HEADINGS = ["Nouns and states", "Events out", "Events in", "Who calls it", "Rules worth knowing"]
FIRST_CELL = re.compile(r"^\| (`[^|]*) \|", re.MULTILINE)
NAME = re.compile(r"`([a-z_]+)`")

each_service = pytest.mark.parametrize("service", SERVICES)


def sections(service: str) -> dict[str, str]:
    """The parts of a service's page, by their headings."""
    text = (ROOT / "services" / service / "README.md").read_text("utf-8")
    _before, *parts = re.split(r"^## ", text, flags=re.MULTILINE)
    return {heading: body for heading, _line, body in (part.partition("\n") for part in parts)}


def rows(service: str, heading: str) -> list[str]:
    """The events in the first column of a part's table, each as often as it stands there."""
    return sorted(name for cell in FIRST_CELL.findall(sections(service)[heading]) for name in NAME.findall(cell))


@each_service
def test_each_service_has_a_page_with_the_same_headings(service: str) -> None:
    assert list(sections(service)) == HEADINGS, f"services/{service}/README.md: a reader looks for these, in this order"


@each_service
def test_the_page_of_a_service_names_what_it_says(service: str) -> None:
    said = sorted(event.event_name() for event in events() if event.service == service)
    reason = f"services/{service}/README.md, Events out: one row for each event of contracts/{service}"
    assert rows(service, "Events out") == said, reason


@each_service
def test_the_page_of_a_service_names_what_it_hears(service: str) -> None:
    heard = sorted({handler.event.event_name() for handler in members_with("event")[service].values()})
    reason = f"services/{service}/README.md, Events in: one row for each `hears` of its table"
    assert rows(service, "Events in") == heard, reason
