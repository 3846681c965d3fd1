"""The calendar behind a secret link: entries and format."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import icalendar
import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import NOBODY, Actor
from chassis.persistence.database import Session
from contracts.scheduling.calendar_feed import GetCalendar, MakeCalendarLink
from services.scheduling import calendar_feed
from services.scheduling.models.appointments import Appointment
from services.scheduling.models.shifts import Shift
from tests.scheduling.factories import HALF_HOUR, add_doctor, at, make_patient, make_user
from tests.scheduling.recorded_sql import record_statements


def add_visit(session: Session, doctor_id: UUID, patient_id: UUID | None = None, **facts: Any) -> Appointment:
    """Add a booked visit, by default the day after tomorrow at nine."""
    starts_at = facts.pop("starts_at", at())
    given = {"status": "booked", "ends_at": starts_at + HALF_HOUR, "created_at": clock.now(), **facts}
    row = Appointment(doctor_id=doctor_id, patient_id=patient_id or uuid7(), starts_at=starts_at, **given)
    session.add(row)
    session.flush()
    return row


def make_token(session: Session, owner: Actor) -> str:
    """Make a link to the owner's calendar; return its secret."""
    return parse_qs(urlsplit(calendar_feed.make_link(session, owner, MakeCalendarLink())["url"]).query)["token"][0]


def calendar_text(session: Session, owner: Actor) -> str:
    """The text of the owner's calendar."""
    return calendar_feed.show(session, NOBODY, GetCalendar(token=make_token(session, owner)))["text"]


def calendar_events(session: Session, owner: Actor) -> list[Any]:
    """The entries that a calendar program reads."""
    return list(icalendar.Calendar.from_ical(calendar_text(session, owner)).walk("VEVENT"))


def test_calendar_of_a_patient_shows_doctor_place_and_time(session: Session) -> None:
    owner, patient = add_doctor(session), make_patient()
    row = add_visit(session, owner.person, patient.person, place="Room 4; left, rear", revision=3)
    [event] = calendar_events(session, patient)
    assert str(event["summary"]) == "Visit with Dr Lena Weiss"
    assert (str(event["uid"]), event["sequence"], str(event["status"])) == (f"{row.id}-patient", 3, "CONFIRMED")
    assert (event.decoded("dtstart"), event.decoded("dtend")) == (row.starts_at, row.ends_at)
    assert str(event["location"]) == "Room 4; left, rear"


@pytest.mark.parametrize(("name", "shown"), [("Lena Weiss", "Visit with Dr Lena Weiss"), ("", "Visit")])
def test_summary_names_the_doctor_unless_the_doctor_has_left(session: Session, name: str, shown: str) -> None:
    patient = make_patient()
    add_visit(session, add_doctor(session, name=name).person, patient.person)
    [event] = calendar_events(session, patient)
    assert str(event["summary"]) == shown


def test_calendar_of_a_doctor_hides_patients_and_reasons(session: Session) -> None:
    owner, patient_id = add_doctor(session), uuid7()
    add_visit(session, owner.person, patient_id, reason="chest pain", status_reason="ill", overbook_reason="urgent")
    text = calendar_text(session, owner)
    assert "SUMMARY:Visit\r\n" in text
    for hidden in (str(patient_id), "chest", "ill", "urgent"):
        assert hidden not in text


def test_calendar_of_staff_shows_own_shifts(session: Session) -> None:
    owner = make_user("nurse")
    given = {"ward": "Ward 3", "starts_at": at(hour=6), "ends_at": at(hour=14), "created_at": clock.now()}
    people = (owner.person, uuid7())
    session.add_all([Shift(person_id=person_id, status="assigned", **given) for person_id in people])
    session.flush()
    [event] = calendar_events(session, owner)
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
def test_status_is_shown_in_the_terms_of_icalendar(session: Session, status: str, shown: str) -> None:
    patient = make_patient()
    add_visit(session, add_doctor(session).person, patient.person, status=status)
    assert [str(event["status"]) for event in calendar_events(session, patient)] == [shown]


def test_calendar_excludes_visits_of_other_people(session: Session) -> None:
    owner = add_doctor(session)
    add_visit(session, owner.person)
    assert calendar_events(session, make_patient()) == []
    assert calendar_events(session, add_doctor(session)) == []


def test_calendar_covers_30_days_back_and_a_year_ahead(session: Session) -> None:
    owner, ward = make_user("nurse"), {"ward": "Ward 3", "status": "assigned", "created_at": clock.now()}
    for days in (-31, -29, 365, 367):
        session.add(Shift(person_id=owner.person, starts_at=at(days), ends_at=at(days, 12), **ward))
    session.flush()
    starts = [event.decoded("dtstart") for event in calendar_events(session, owner)]
    assert starts == [at(365), at(-29)]


def test_times_are_in_utc(session: Session) -> None:
    patient = make_patient()
    add_visit(session, add_doctor(session).person, patient.person)
    assert f"DTSTART:{at():%Y%m%dT%H%M%SZ}\r\n" in calendar_text(session, patient)


def add_visit_with_long_texts(session: Session) -> Actor:
    """Add a visit whose doctor and place need several lines; return its patient."""
    patient = make_patient()
    doctor = add_doctor(session, name="Dr " + "Ägidius Überlingen " * 6)
    add_visit(session, doctor.person, patient.person, place="Raum ä;" * 14)
    return patient


def test_lines_are_folded_at_75_bytes_as_rfc_5545_says(session: Session) -> None:
    lines = calendar_text(session, add_visit_with_long_texts(session)).encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(b"\n" not in line and b"\r" not in line for line in lines)


def test_long_texts_are_read_back_unchanged(session: Session) -> None:
    [event] = calendar_events(session, add_visit_with_long_texts(session))
    assert str(event["summary"]) == "Visit with Dr " + ("Ägidius Überlingen " * 6)
    assert str(event["location"]) == "Raum ä;" * 14


@pytest.mark.parametrize("sign", ["\r", "\n", "\r\n", "\x07", "\x85", "\u2028"])
def test_text_with_control_characters_stays_in_its_line(session: Session, sign: str) -> None:
    patient = make_patient()
    add_visit(session, add_doctor(session).person, patient.person, place=f"Room{sign}END:VEVENT{sign}BEGIN:VALARM")
    text = calendar_text(session, patient)
    assert not {sign for sign in text.replace("\r\n", "") if not sign.isprintable()}
    [event] = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert "END:VEVENT" in str(event["location"])


@pytest.mark.parametrize(
    "place", ["\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f469\u200d\u2695\ufe0f", "\u200f\u05d0"]
)
def test_text_keeps_joiners_and_direction_marks(session: Session, place: str) -> None:
    patient = make_patient()
    add_visit(session, add_doctor(session).person, patient.person, place=place)
    [event] = calendar_events(session, patient)
    assert str(event["location"]) == place


def test_calendar_has_all_required_properties(session: Session) -> None:
    found = icalendar.Calendar.from_ical(calendar_text(session, make_patient()))
    assert str(found["version"]) == "2.0"
    assert found["prodid"]
    assert "method" not in found, "a method makes the calendar a message, which must name an organizer"
    assert not found.errors


def test_entry_has_the_time_of_the_request(session: Session) -> None:
    patient = make_patient()
    add_visit(session, add_doctor(session).person, patient.person)
    [event] = calendar_events(session, patient)
    assert abs(event.decoded("dtstamp") - datetime.now(UTC)) < timedelta(minutes=1)
    assert not event.errors


def test_calendar_leaves_out_past_visits_first_when_it_is_full(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_feed, "MOST", 3)
    owner = add_doctor(session)
    for days in (-5, -4, 3, 4):
        add_visit(session, owner.person, starts_at=at(days))
    assert [event.decoded("dtstart") for event in calendar_events(session, owner)] == [at(3), at(4), at(-4)]


def test_calendar_keeps_the_next_entries_of_any_kind_when_full(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_feed, "MOST", 2)
    owner = add_doctor(session)
    given = {"ward": "Ward 3", "starts_at": at(3), "ends_at": at(3, 14), "created_at": clock.now()}
    session.add(Shift(person_id=owner.person, status="assigned", **given))
    for days in (-1, 2, 4):
        add_visit(session, owner.person, starts_at=at(days))
    assert [event.decoded("dtstart") for event in calendar_events(session, owner)] == [at(2), at(3)]


def test_entries_of_one_visit_have_different_uids() -> None:
    of_visit = (uuid7(), at(), at(hour=10), "booked", 1, "Visit", None)
    text = calendar_feed.as_text([calendar_feed.Entry(part, *of_visit) for part in ("patient", "doctor")], clock.now())
    assert len({str(event["uid"]) for event in icalendar.Calendar.from_ical(text).walk("VEVENT")}) == 2


def test_calendar_takes_four_statements_for_any_number_of_entries(session: Session) -> None:
    owner = add_doctor(session)
    for hour in range(9, 15):
        add_visit(session, owner.person, starts_at=at(hour=hour))
    token = make_token(session, owner)
    session.flush()
    with record_statements(session) as sent:
        calendar_feed.show(session, NOBODY, GetCalendar(token=token))
    assert len(sent) == 4
