"""Each event has an example, which is what goes over the wire: it loads, and is written again as it was."""

import inspect

import orjson
import pytest

from chassis.event import Event
from tests.guards.house import events, members_with

EVERY_EVENT = pytest.mark.parametrize("event", events(), ids=lambda one: one.__name__)


@EVERY_EVENT
def test_the_example_has_every_field_and_no_other(event: type[Event]) -> None:
    assert set(event.example) == set(event.schema().fields)


@EVERY_EVENT
def test_the_example_is_well_formed(event: type[Event]) -> None:
    assert event.schema().validate(event.example) == {}


@EVERY_EVENT
def test_what_is_read_is_written_again_as_it_was(event: type[Event]) -> None:
    read = event.schema().load(event.example)
    assert orjson.loads(orjson.dumps(read.plain())) == event.example


@EVERY_EVENT
def test_each_consumer_takes_what_the_example_has(event: type[Event]) -> None:
    for handler in event.heard_by:
        service, _, name = handler.partition(".")
        work = inspect.getclosurevars(members_with("event")[service][name]).nonlocals["work"]
        parameters = inspect.signature(work).parameters.values()
        wanted = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty}
        assert wanted <= set(event.example), f"{handler} wants what {event.__name__} does not say"
