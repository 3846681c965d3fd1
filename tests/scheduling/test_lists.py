"""Lists of visits: whose they are, in which order, by state and by when they begin."""

from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from uuid_utils.compat import uuid7

from chassis import config
from chassis.database import Session
from chassis.errors import Invalid, NotFound
from chassis.identity import Actor
from services.scheduling import lists
from tests.scheduling.factories import at, book, doctor, move, patient, statements, visits_of
from tests.ward import settings

RECEPTIONIST = patient(None, "receptionist")
ALL: dict[str, Any] = {"doctor_id": None, "patient_id": None, "status": None, "from_": None, "to": None}


def of_all(session: Session, **filters: Any) -> list[UUID]:
    """The ids of the visits that the desk sees."""
    given = {**ALL, "limit": 20, "cursor": None, **filters}
    return [row.id for row in lists.of_all(session, RECEPTIONIST, **given).items]


def booked(session: Session, who: Actor, asking: Actor, *days: int) -> list[UUID]:
    """The ids of visits of one patient, in so many days each."""
    return [book(session, who, actor=asking, starts_at=at(day))["id"] for day in days]


def test_patients_see_their_own_visits_latest_first(session: Session) -> None:
    who, asking = doctor(session), patient()
    book(session, who)
    third, fifth, fourth = booked(session, who, asking, 3, 5, 4)
    assert visits_of(session, asking, "patient_id") == [fifth, fourth, third]


def test_doctors_see_their_own_visits(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    book(session, doctor(session))
    assert visits_of(session, who) == [visit["id"]]


@pytest.mark.parametrize("field", ["patient_id", "doctor_id"])
def test_nobody_lists_anothers_visits(session: Session, field: str) -> None:
    with pytest.raises(NotFound):
        visits_of(session, patient(), field, **{field: uuid7()})


def test_a_list_may_be_of_one_state(session: Session) -> None:
    who, asking = doctor(session), patient()
    first = book(session, who, actor=asking, starts_at=at(3))
    [second] = booked(session, who, asking, 4)
    move(session, who, first, "accept")
    assert visits_of(session, asking, "patient_id", status="requested") == [second]
    assert visits_of(session, who, status="booked") == [first["id"]]


def test_moments_bound_a_list_the_first_of_them_inclusively(session: Session) -> None:
    who, asking = doctor(session), patient()
    third, fourth, fifth = booked(session, who, asking, 3, 4, 5)
    assert visits_of(session, who, from_=at(4)) == [fifth, fourth]
    assert visits_of(session, who, to=at(4)) == [third]
    assert visits_of(session, who, from_=at(3), to=at(5)) == [fourth, third]
    assert visits_of(session, who, from_=at(5), to=at(3)) == []


def test_days_are_the_hospitals_and_taken_whole(session: Session) -> None:
    who, asking = doctor(session), patient()
    _third, fourth, _fifth = booked(session, who, asking, 3, 4, 5)
    day = at(4).date()
    assert visits_of(session, asking, "patient_id", from_=day, to=day) == [fourth]


def test_a_day_begins_when_it_does_at_the_hospital(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    who = doctor(session)
    [visit] = booked(session, who, patient(), 4)
    day = at(4).date()
    monkeypatch.setattr(config, "_current", settings(hospital_timezone=ZoneInfo("Pacific/Kiritimati")))
    assert visits_of(session, who, from_=day, to=day) == [visit]
    monkeypatch.setattr(config, "_current", settings(hospital_timezone=ZoneInfo("Pacific/Pago_Pago")))
    assert visits_of(session, who, from_=day, to=day) == []


def test_the_desk_sees_all_and_chooses_by_doctor_patient_and_day(session: Session) -> None:
    one, other, asking = doctor(session), doctor(session), patient()
    [mine] = booked(session, one, asking, 3)
    [at_other] = booked(session, other, asking, 4)
    theirs = book(session, one, starts_at=at(5))["id"]
    assert of_all(session, patient_id=asking.person) == [at_other, mine]
    assert of_all(session, doctor_id=one.person) == [theirs, mine]
    assert of_all(session, doctor_id=one.person, patient_id=asking.person) == [mine]
    assert of_all(session, from_=at(3).date(), to=at(4).date())[:2] == [at_other, mine]


def test_pages_of_a_list_with_bounds_follow_each_other_without_gap_or_repeat(session: Session) -> None:
    who, asking = doctor(session), patient()
    made = booked(session, who, asking, 3, 4, 5, 6, 7)
    got, cursor = list[UUID](), None
    while True:
        given = {"status": "requested", "from_": at(4), "to": at(7), "limit": 2, "cursor": cursor}
        page = lists.of_doctor(session, who, doctor_id=who.person, **given)  # type: ignore[arg-type]
        got += [row.id for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert got == made[3:0:-1]


@pytest.mark.parametrize("filters", [{}, {"status": "booked"}, {"from_": at(1), "to": at(9)}], ids=str)
def test_a_list_is_one_statement(session: Session, filters: dict[str, Any]) -> None:
    who = doctor(session)
    booked(session, who, patient(), 3, 4)
    with statements(session) as sent:
        visits_of(session, who, **filters)
    assert len(sent) == 1


def test_a_cursor_that_is_not_ours_is_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        visits_of(session, doctor(session), cursor="nonsense", to=at() + timedelta(days=1))
    assert refused.value.code == "bad_cursor"
