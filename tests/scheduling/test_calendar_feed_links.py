"""The secret link to a calendar, and the end of the link."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.errors import NotFound
from chassis.identity import NOBODY, Actor
from chassis.persistence.database import Session
from contracts.auth.events import SessionsEnded
from contracts.scheduling.calendar_feed import EndCalendarLink, GetCalendar, MakeCalendarLink
from services.scheduling import calendar_feed
from services.scheduling.models.calendar_feed import CalendarLink
from tests.events import example_of
from tests.scheduling.departures import deactivate_user, erase_user, revoke_doctor_role
from tests.scheduling.factories import SetClock, event_actor, make_patient


def make_token(session: Session, owner: Actor) -> str:
    """Make a link to the owner's calendar; return its secret."""
    return parse_qs(urlsplit(calendar_feed.make_link(session, owner, MakeCalendarLink())["url"]).query)["token"][0]


def test_link_leads_to_the_gateway_and_holds_a_secret(session: Session) -> None:
    url = calendar_feed.make_link(session, make_patient(), MakeCalendarLink())["url"]
    assert urlsplit(url).path == "/api/users/me/calendar.ics"
    assert len(parse_qs(urlsplit(url).query)["token"][0]) >= 43


def test_secret_of_a_link_is_not_stored(session: Session) -> None:
    token = make_token(session, make_patient())
    assert token not in str(session.execute(select(CalendarLink.__table__)).all())


@pytest.mark.parametrize("token", ["x", "q" * 43, "ä"])
def test_calendar_is_refused_when_the_link_is_unknown(session: Session, token: str) -> None:
    with pytest.raises(NotFound):
        calendar_feed.show(session, NOBODY, GetCalendar(token=token))


def leads_to_a_calendar(session: Session, token: str) -> bool:
    """Whether a link with this secret works."""
    try:
        return bool(calendar_feed.show(session, NOBODY, GetCalendar(token=token))["text"])
    except NotFound:
        return False


def test_link_ends_when_its_owner_makes_another_link(session: Session) -> None:
    owner = make_patient()
    tokens = [make_token(session, owner), make_token(session, owner)]
    assert [leads_to_a_calendar(session, token) for token in tokens] == [False, True]


def test_link_is_ended_by_its_owner(session: Session) -> None:
    owner = make_patient()
    tokens = [make_token(session, owner), make_token(session, make_patient())]
    calendar_feed.end_link(session, owner, EndCalendarLink())
    assert [leads_to_a_calendar(session, token) for token in tokens] == [False, True]


def test_link_can_be_ended_again(session: Session) -> None:
    owner = make_patient()
    make_token(session, owner)
    replies = [calendar_feed.end_link(session, owner, EndCalendarLink()) for _ in range(2)]
    assert replies == [{"status": "ended"}] * 2


@pytest.mark.parametrize("leave", [deactivate_user, erase_user])
def test_link_ends_when_its_owner_leaves(session: Session, leave: Callable[..., None]) -> None:
    owner = make_patient()
    token = make_token(session, owner)
    leave(session, owner)
    assert not leads_to_a_calendar(session, token)


def end_sessions(session: Session, user: Actor) -> None:
    """Handle the event that all sessions of a user ended."""
    event = example_of(SessionsEnded, user_id=user.person)
    calendar_feed.end_older(session, event_actor(session, 2), event)


each_end = pytest.mark.parametrize("end", [end_sessions, revoke_doctor_role, deactivate_user])


@each_end
def test_link_ends_with_the_sessions_and_the_roles(session: Session, end: Callable[..., None]) -> None:
    owner = make_patient()
    tokens = [make_token(session, owner), make_token(session, make_patient())]
    end(session, owner)
    assert [leads_to_a_calendar(session, token) for token in tokens] == [False, True]


@each_end
def test_link_stays_when_it_is_newer_than_the_event(
    session: Session, set_clock: SetClock, end: Callable[..., None]
) -> None:
    owner, now = make_patient(), clock.now()
    set_clock(now + timedelta(seconds=1))
    token = make_token(session, owner)
    set_clock(now)
    end(session, owner)
    assert leads_to_a_calendar(session, token)
