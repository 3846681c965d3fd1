"""One's own calendar behind a link: what stands in it, what does not, and when the link ends."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import icalendar
import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import NotFound
from chassis.identity import NOBODY, Actor
from chassis.persistence.database import Session
from contracts.auth.events import RoleRevoked, SessionsEnded, UserDeactivated, UserErased
from contracts.scheduling.calendar_feed import EndCalendarLink, GetCalendar, MakeCalendarLink
from services.scheduling import calendar_feed, handlers
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.calendar_feed import CalendarLink
from services.scheduling.models.shifts import Shift
from tests.events import example_of
from tests.scheduling.factories import HALF_HOUR, at, doctor, heard, patient, statements


def visit(session: Session, doctor_id: UUID, patient_id: UUID | None = None, **facts: Any) -> Appointment:
    """A visit that is agreed, the day after tomorrow at nine."""
    starts_at = facts.pop("starts_at", at())
    given = {"status": "booked", "ends_at": starts_at + HALF_HOUR, "created_at": clock.now(), **facts}
    row = Appointment(doctor_id=doctor_id, patient_id=patient_id or uuid7(), starts_at=starts_at, **given)
    session.add(row)
    session.flush()
    return row


def token_of(session: Session, who: Actor) -> str:
    """The secret in a new link to somebody's calendar."""
    return parse_qs(urlsplit(calendar_feed.make_link(session, who, MakeCalendarLink())["url"]).query)["token"][0]


def text_of(session: Session, who: Actor) -> str:
    """Somebody's calendar as it is sent."""
    return calendar_feed.show(session, NOBODY, GetCalendar(token=token_of(session, who)))["text"]


def events_of(session: Session, who: Actor) -> list[Any]:
    """What a calendar program finds in it."""
    return list(icalendar.Calendar.from_ical(text_of(session, who)).walk("VEVENT"))


def test_the_link_leads_to_the_gateway_and_holds_a_secret(session: Session) -> None:
    url = calendar_feed.make_link(session, patient(), MakeCalendarLink())["url"]
    assert urlsplit(url).path == "/api/users/me/calendar.ics"
    assert len(parse_qs(urlsplit(url).query)["token"][0]) >= 43


def test_the_secret_itself_is_not_kept(session: Session) -> None:
    token = token_of(session, patient())
    assert token not in str(session.execute(select(CalendarLink.__table__)).all())


def test_patients_see_with_whom_where_and_when(session: Session) -> None:
    who, asking = doctor(session), patient()
    row = visit(session, who.person, asking.person, place="Room 4; left, rear", revision=3)
    [event] = events_of(session, asking)
    assert str(event["summary"]) == "Visit with Dr Lena Weiss"
    assert (str(event["uid"]), event["sequence"], str(event["status"])) == (f"{row.id}-patient", 3, "CONFIRMED")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (row.starts_at, row.ends_at)
    assert str(event["location"]) == "Room 4; left, rear"


@pytest.mark.parametrize(("name", "shown"), [("Lena Weiss", "Visit with Dr Lena Weiss"), ("", "Visit")])
def test_a_doctor_is_called_so_and_not_at_all_who_has_left(session: Session, name: str, shown: str) -> None:
    asking = patient()
    visit(session, doctor(session, name=name).person, asking.person)
    [event] = events_of(session, asking)
    assert str(event["summary"]) == shown


def test_doctors_see_their_visits_without_a_patients_name_or_reason(session: Session) -> None:
    who, whom = doctor(session), uuid7()
    visit(session, who.person, whom, reason="chest pain", status_reason="ill", overbook_reason="urgent")
    text = text_of(session, who)
    assert "SUMMARY:Visit\r\n" in text
    for hidden in (str(whom), "chest", "ill", "urgent"):
        assert hidden not in text


def test_staff_see_their_shifts(session: Session) -> None:
    who = patient(None, "nurse")
    given = {"ward": "Ward 3", "starts_at": at(hour=6), "ends_at": at(hour=14), "created_at": clock.now()}
    session.add_all([Shift(person_id=one, status="assigned", **given) for one in (who.person, uuid7())])
    session.flush()
    [event] = events_of(session, who)
    assert (str(event["summary"]), str(event["location"]), str(event["status"])) == (
        "Shift: Ward 3",
        "Ward 3",
        "CONFIRMED",
    )


@pytest.mark.parametrize(
    ("status", "shown"),
    [("requested", "TENTATIVE"), ("arrived", "CONFIRMED"), ("fulfilled", "CONFIRMED")]
    + [(gone, "CANCELLED") for gone in ("cancelled", "rejected", "expired", "displaced", "no_show")],
)
def test_the_state_is_told_as_calendars_know_it(session: Session, status: str, shown: str) -> None:
    asking = patient()
    visit(session, doctor(session).person, asking.person, status=status)
    assert [str(event["status"]) for event in events_of(session, asking)] == [shown]


def test_nobody_elses_visits_are_in_it(session: Session) -> None:
    who = doctor(session)
    visit(session, who.person)
    assert events_of(session, patient()) == []
    assert events_of(session, doctor(session)) == []


def test_it_reaches_from_30_days_ago_as_far_ahead_as_there_are_shifts(session: Session) -> None:
    who, ward = patient(None, "nurse"), {"ward": "Ward 3", "status": "assigned", "created_at": clock.now()}
    for days in (-31, -29, 365, 367):
        session.add(Shift(person_id=who.person, starts_at=at(days), ends_at=at(days, 12), **ward))
    session.flush()
    starts = [event.decoded("dtstart") for event in events_of(session, who)]
    assert starts == [at(365), at(-29)]


def test_times_are_in_utc_and_lines_end_and_fold_as_the_rfc_says(session: Session) -> None:
    asking = patient()
    visit(session, doctor(session, name="Dr " + "Ägidius Überlingen " * 6).person, asking.person, place="Raum ä;" * 14)
    text = text_of(session, asking)
    assert f"DTSTART:{at():%Y%m%dT%H%M%SZ}\r\n" in text
    lines = text.encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert str(event["summary"]) == "Visit with Dr " + ("Ägidius Überlingen " * 6)
    assert str(event["location"]) == "Raum ä;" * 14


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\x07", "\x85", "\u2028"])
def test_no_text_breaks_out_of_its_line(session: Session, sign: str) -> None:
    asking = patient()
    visit(session, doctor(session).person, asking.person, place=f"Room{sign}END:VEVENT{sign}BEGIN:VALARM")
    text = text_of(session, asking)
    assert not {one for one in text.replace("\r\n", "") if not one.isprintable()}
    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert "END:VEVENT" in str(event["location"])


@pytest.mark.parametrize(
    "place", ["\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\u2695\ufe0f", "\u200f\u05d0"]
)
def test_what_joins_letters_or_turns_their_direction_stays(session: Session, place: str) -> None:
    asking = patient()
    visit(session, doctor(session).person, asking.person, place=place)
    [event] = events_of(session, asking)
    assert str(event["location"]) == place


def test_it_has_what_a_calendar_must_have(session: Session) -> None:
    asking = patient()
    visit(session, doctor(session).person, asking.person)
    found = icalendar.Calendar.from_ical(text_of(session, asking))
    assert str(found["version"]) == "2.0"
    assert "method" not in found, "a message to other calendars, which would have to name an organizer"
    assert found["prodid"]
    [event] = found.walk("VEVENT")
    assert abs(event.decoded("dtstamp") - datetime.now(UTC)) < timedelta(minutes=1)
    assert not found.errors
    assert not event.errors


def test_it_stays_within_its_bound_and_leaves_out_the_past_first(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_feed, "MOST", 3)
    who = doctor(session)
    asked = [at(days) for days in (-5, -4, 3, 4)]
    for starts_at in asked:
        visit(session, who.person, starts_at=starts_at)
    assert [event.decoded("dtstart") for event in events_of(session, who)] == [at(3), at(4), at(-4)]


def test_what_comes_next_is_kept_whatever_it_is(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_feed, "MOST", 2)
    who = doctor(session)
    given = {"ward": "Ward 3", "starts_at": at(3), "ends_at": at(3, 14), "created_at": clock.now()}
    session.add(Shift(person_id=who.person, status="assigned", **given))
    for days in (-1, 2, 4):
        visit(session, who.person, starts_at=at(days))
    assert [event.decoded("dtstart") for event in events_of(session, who)] == [at(2), at(3)]


def test_no_two_entries_have_one_name_also_of_one_visit() -> None:
    of_visit = (uuid7(), at(), at(hour=10), "booked", 1, "Visit", None)
    text = calendar_feed.as_text([calendar_feed.Entry(part, *of_visit) for part in ("patient", "doctor")], clock.now())
    assert len({str(event["uid"]) for event in icalendar.Calendar.from_ical(text).walk("VEVENT")}) == 2


def test_it_is_four_statements_however_much_stands_in_it(session: Session) -> None:
    who = doctor(session)
    for hour in range(9, 15):
        visit(session, who.person, starts_at=at(hour=hour))
    token = token_of(session, who)
    with statements(session) as sent:
        calendar_feed.show(session, NOBODY, GetCalendar(token=token))
    assert len(sent) == 4


@pytest.mark.parametrize("token", ["x", "q" * 43, "ä"])
def test_an_unknown_link_leads_nowhere(session: Session, token: str) -> None:
    with pytest.raises(NotFound):
        calendar_feed.show(session, NOBODY, GetCalendar(token=token))


def test_a_new_link_ends_the_one_before(session: Session) -> None:
    who = patient()
    first, second = token_of(session, who), token_of(session, who)
    calendar_feed.show(session, NOBODY, GetCalendar(token=second))
    with pytest.raises(NotFound):
        calendar_feed.show(session, NOBODY, GetCalendar(token=first))


def test_a_link_is_taken_back_by_its_owner_alone_and_as_often_as_wanted(session: Session) -> None:
    who, other = patient(), patient()
    token, another = token_of(session, who), token_of(session, other)
    assert (
        calendar_feed.end_link(session, who, EndCalendarLink())
        == calendar_feed.end_link(session, who, EndCalendarLink())
        == {"status": "ended"}
    )
    calendar_feed.show(session, NOBODY, GetCalendar(token=another))
    with pytest.raises(NotFound):
        calendar_feed.show(session, NOBODY, GetCalendar(token=token))


def test_the_link_of_somebody_who_is_deactivated_or_erased_ends(session: Session) -> None:
    leaving: list[Callable[[UUID], None]] = [
        lambda one: handlers.on_user_deactivated(session, heard(session, 2), example_of(UserDeactivated, user_id=one)),
        lambda one: handlers.on_user_erased(
            session, heard(session, 3), example_of(UserErased, user_id=one, reassign_to=None)
        ),
    ]
    for leave in leaving:
        who = patient()
        token = token_of(session, who)
        leave(who.person)
        with pytest.raises(NotFound):
            calendar_feed.show(session, NOBODY, GetCalendar(token=token))


ENDING: dict[str, Callable[[Session, Actor, UUID], None]] = {
    "all sessions": lambda session, actor, one: calendar_feed.end_older(
        session, actor, example_of(SessionsEnded, user_id=one)
    ),
    "a lost role": lambda session, actor, one: handlers.on_role_revoked(
        session, actor, example_of(RoleRevoked, user_id=one, role="doctor")
    ),
    "deactivation": lambda session, actor, one: handlers.on_user_deactivated(
        session, actor, example_of(UserDeactivated, user_id=one)
    ),
}
"""What ends somebody's link."""


@pytest.mark.parametrize("what", ENDING)
def test_a_link_ends_with_the_sessions_and_one_that_is_made_later_stays(session: Session, what: str) -> None:
    who, other = patient(), patient()
    token, another = token_of(session, who), token_of(session, other)
    actor = heard(session, 2)
    ENDING[what](session, actor, who.person)
    with pytest.raises(NotFound):
        calendar_feed.show(session, NOBODY, GetCalendar(token=token))
    later = token_of(session, who)
    ENDING[what](session, actor, who.person)
    for kept in (later, another):
        calendar_feed.show(session, NOBODY, GetCalendar(token=kept))
