"""`matron events replay` to the queue of another system fills a gap in `ce-sequence`."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from chassis.config import SERVICES
from chassis.errors import Invalid, NotFound
from chassis.persistence.tables import outbox
from contracts.auth.events import DoctorApproved, RoleGranted, SessionRevoked, UserRegistered
from matron import replay
from matron.installation import Installation, connected
from matron.replay import Replay, Span, events_for
from tests.matron.conftest import Matron
from tests.matron.outboxes import NOON, arrived, opened, say, send, unwatched

PARTNER = "partner.everything"


@pytest.fixture
def partner(folder: Path) -> Path:
    """A folder of `matron run`, with the queue of another system in its broker."""
    with Installation(None, folder).broker("scheduling") as url, connected(url) as open_channel:
        open_channel().queue_declare(PARTNER, durable=True, auto_delete=False)
    return folder


def lost(span: Span, *names: str) -> Replay:
    """A replay of public events of auth for another system."""
    return Replay(events_for("auth", PARTNER, names), PARTNER, span)


def story(folder: Path) -> list[str]:
    """Publish public and internal events of auth in turns. Return the ids of the public ones by number from 1."""
    said = list[str]()
    for event in (DoctorApproved, RoleGranted, UserRegistered, RoleGranted, SessionRevoked, DoctorApproved):
        ids = say(folder, NOON, event=event)
        said += [] if event.internal else ids
    return said


def test_partner_gets_all_public_events_in_order(partner: Path) -> None:
    said = story(partner)
    assert send(partner, lost(Span(since=NOON))) == (4, 0)
    assert arrived(partner) == [(PARTNER, event_id) for event_id in said]


@pytest.mark.parametrize(("first", "last", "numbers"), [(2, 3, [2, 3]), (4, 4, [4]), (3, None, [3, 4])])
def test_gap_is_filled_by_sequence_numbers(partner: Path, first: int, last: int | None, numbers: list[int]) -> None:
    said = story(partner)
    assert send(partner, lost(Span(first=first, last=last))) == (len(numbers), 0)
    assert arrived(partner) == [(PARTNER, said[number - 1]) for number in numbers]


def test_partner_gets_the_named_events_in_order(partner: Path) -> None:
    said = story(partner)
    assert send(partner, lost(Span(first=1), "role_granted")) == (2, 0)
    assert arrived(partner) == [(PARTNER, event_id) for event_id in said[1:3]]


def test_numbers_without_an_event_are_counted(partner: Path) -> None:
    said = story(partner)
    with opened(partner, "auth") as database, database.begin() as session:
        emptied = {"name": "erased", "subject": "", "data": {}}
        session.execute(update(outbox).where(outbox.c.event_id == UUID(said[1])).values(emptied))
        session.execute(delete(outbox).where(outbox.c.event_id == UUID(said[0])))
    for span, gone in ((Span(first=1), 2), (Span(first=2, last=9), 6), (Span(since=NOON), 0)):
        assert send(partner, lost(span)) == (2, gone)
    assert {event_id for _queue, event_id in arrived(partner)} == set(said[2:])


def test_documented_command_fills_a_gap(partner: Path, matron: Matron) -> None:
    said = story(partner)
    gap = ("--from-sequence", f"{2:019}", "--to-sequence", f"{3:019}", "--to", PARTNER, "--data", partner)
    assert matron("events", "replay", "auth", *gap) == (0, f"2 sent to {PARTNER}\n", "")
    assert arrived(partner) == [(PARTNER, event_id) for event_id in said[1:3]]


def test_command_reports_numbers_without_an_event(partner: Path, matron: Matron) -> None:
    story(partner)
    gap = ("--from-sequence", 4, "--to-sequence", 5, "--to", PARTNER, "--data", partner)
    code, out, err = matron("events", "replay", "auth", *gap)
    assert (code, out, err[:24]) == (1, f"1 sent to {PARTNER}\n", "1 of these numbers have ")


@pytest.mark.parametrize("span", [(), ("--to-sequence", 4), ("--from-sequence", 4, "--to-sequence", 3)])
def test_replay_needs_a_valid_start(folder: Path, matron: Matron, span: tuple[object, ...]) -> None:
    code, _out, err = matron("events", "replay", "auth", *span, "--to", PARTNER, "--data", folder)
    assert (code, "--from-sequence" in err) == (2, True)


def test_partner_gets_missed_events_unchanged(folder: Path, amqp_url: str) -> None:
    said, queue = story(folder), "partner.doctors"
    with connected(amqp_url) as open_channel:
        open_channel().queue_declare(queue, durable=True, auto_delete=False)
    installation = Installation(amqp_url, folder)
    object.__setattr__(installation, "database_url", lambda service: f"sqlite:///{folder}/{service}.db")
    wanted = Replay(events_for("auth", queue), queue, Span(first=2, last=4))
    assert replay.send(installation, wanted, again=False, watch=unwatched) == (3, 0)
    with connected(amqp_url) as open_channel:
        channel = open_channel()
        got = [channel.basic_get(queue, no_ack=True).headers for _number in range(3)]
    assert [(one["ce-id"], one["ce-sequence"]) for one in got] == [(said[n - 1], f"{n:019}") for n in (2, 3, 4)]


def test_error_names_a_missing_partner_queue(folder: Path) -> None:
    say(folder, NOON)
    wanted = Replay((DoctorApproved,), "partner.nowhere", Span(since=NOON))
    with pytest.raises(NotFound, match=r"partner\.nowhere"):
        replay.send(Installation(None, folder), wanted, again=False, watch=unwatched)


@pytest.mark.parametrize("name", ["user_registered", "appointment_booked", "nothing"])
def test_partner_gets_no_internal_or_foreign_events(name: str) -> None:
    with pytest.raises(Invalid, match=name):
        events_for("auth", "partner.doctors", ["role_granted", name])


@pytest.mark.parametrize("service", SERVICES)
def test_partner_may_get_all_public_events_of_a_service(service: str) -> None:
    public = {event for event in replay.events_by_name().values() if event.service == service and not event.internal}
    assert set(events_for(service, "partner.all") if public else ()) == public
