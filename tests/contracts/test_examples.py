"""The example of each event, as it is sent: it loads, and dumps to the same JSON."""

import inspect

import orjson
import pytest

from chassis.event import Event
from tests.guards.house import events, members_with

EVERY_EVENT = pytest.mark.parametrize("event", events(), ids=lambda one: one.__name__)


@EVERY_EVENT
def test_example_has_exactly_the_fields_of_its_event(event: type[Event]) -> None:
    assert set(event.example) == set(event.schema().fields)


@EVERY_EVENT
def test_example_is_valid(event: type[Event]) -> None:
    assert event.schema().validate(event.example) == {}


@EVERY_EVENT
def test_example_dumps_as_it_was_loaded(event: type[Event]) -> None:
    read = event.schema().load(event.example)
    assert orjson.loads(orjson.dumps(read.plain())) == event.example


@EVERY_EVENT
def test_example_has_the_arguments_of_every_handler(event: type[Event]) -> None:
    for handler in event.heard_by:
        service, _, name = handler.partition(".")
        work = inspect.getclosurevars(members_with("event")[service][name]).nonlocals["work"]
        parameters = inspect.signature(work).parameters.values()
        wanted = {p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty}
        assert wanted <= set(event.example), f"{handler} requires arguments that {event.__name__} lacks"
