"""Each event has a receiver, and a public event contains no private data."""

import pytest

from chassis.config import SERVICES
from chassis.event import Event
from matron.services import service_class
from tests.guards.house import events, members_with

PRIVATE = {"name", "email", "phone", "address", "reason", "text", "diagnosis", "medicine", "token", "statement"}
DIRECTORY = {"doctor_approved": {"name", "specialization"}}
"""Fields of the public directory of the hospital."""


@pytest.mark.parametrize("event", events(), ids=lambda one: one.__name__)
def test_every_event_has_a_consumer_or_is_for_outside(event: type[Event]) -> None:
    reason = f"{event.__name__}: name its receivers in `heard_by`, or set `for_outside`; else it has no use"
    assert event.heard_by or event.for_outside or event.broadcast, reason


@pytest.mark.parametrize("event", events(), ids=lambda one: one.__name__)
def test_no_event_is_both_internal_and_for_outside(event: type[Event]) -> None:
    assert not (event.internal and event.for_outside), f"{event.__name__}: no outside account can read internal events"


@pytest.mark.parametrize("event", events(), ids=lambda one: one.__name__)
def test_each_name_in_heard_by_is_a_handler_of_that_service(event: type[Event]) -> None:
    for handler in event.heard_by:
        service, _, name = handler.partition(".")
        assert service in SERVICES, f"{event.__name__}.heard_by names {handler}, and there is no such service"
        found = getattr(getattr(service_class(service), name, None), "event", None)
        assert found is event, f"{handler} does not hear {event.__name__}: its queue would fill up for ever"


def test_each_handler_is_named_by_its_event() -> None:
    for service, members in members_with("event").items():
        for name, member in members.items():
            reason = f"{service}.{name}: the publisher declares queues from `heard_by`, else events are lost at first"
            assert f"{service}.{name}" in member.event.heard_by, reason


@pytest.mark.parametrize("event", events(), ids=lambda one: one.__name__)
def test_public_event_contains_no_names_contacts_texts_or_secrets(event: type[Event]) -> None:
    private = set(event.schema().fields) & PRIVATE - DIRECTORY.get(event.event_name(), set())
    assert event.internal or not private, f"{event.__name__} tells {private} to every outside system: make it internal"


@pytest.mark.parametrize("event", events(), ids=lambda one: one.__name__)
def test_subject_of_an_event_is_one_of_its_fields(event: type[Event]) -> None:
    assert event.subject in event.schema().fields, f"{event.__name__}: the subject says which record it is about"
