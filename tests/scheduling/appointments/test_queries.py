"""Lists of visits: whose they are, in which order, by state and by when they begin."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.errors import Invalid, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.appointments.queries import ListAppointments, ListDoctorAppointments
from services.scheduling.appointments import commands as appointments
from services.scheduling.appointments import queries as lists
from services.scheduling.models.appointments import Appointment
from tests.scheduling.factories import at, book, doctor, move, patient, statements, timed, visits_of
from tests.ward import settings

RECEPTIONIST = patient(None, "receptionist")
ALL: dict[str, Any] = dict.fromkeys(("doctor_id", "patient_id", "status", "from_", "to")) | {"order": "desc"}


def of_all(session: Session, **filters: Any) -> list[UUID]:
    """The ids of the visits that the desk sees."""
    given = {**ALL, "limit": 20, "cursor": None, **filters}
    return [row.id for row in lists.of_all(session, RECEPTIONIST, ListAppointments(**given)).items]


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
    assert visits_of(session, asking, "patient_id", status=["requested"]) == [second]
    assert visits_of(session, who, status=["booked"]) == [first["id"]]


def test_moments_bound_a_list_the_first_of_them_inclusively(session: Session) -> None:
    who, asking = doctor(session), patient()
    third, fourth, fifth = booked(session, who, asking, 3, 4, 5)
    assert visits_of(session, who, from_=at(4)) == [fifth, fourth]
    assert visits_of(session, who, to=at(4)) == [third]
    assert visits_of(session, who, from_=at(3), to=at(5)) == [fourth, third]
    assert visits_of(session, who, from_=at(4), to=at(4)) == []


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


@pytest.mark.parametrize("states", [None, ["requested"], ["booked", "requested", "cancelled"]], ids=str)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_of_a_list_with_bounds_follow_each_other_without_gap_or_repeat(
    session: Session, order: str, states: list[str] | None
) -> None:
    who, asking = doctor(session), patient()
    made = booked(session, who, asking, 3, 4, 5, 6, 7)
    got, cursor = list[UUID](), None
    while True:
        given = {"from_": at(4), "to": at(7), "limit": 2, "cursor": cursor, "order": order, "status": states}
        page = lists.of_doctor(session, who, ListDoctorAppointments(doctor_id=who.person, **given))  # type: ignore[arg-type]
        got += [row.id for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert got == (made[1:4] if order == "asc" else made[3:0:-1])


@pytest.mark.parametrize(
    "filters", [{}, {"status": ["booked", "requested"]}, {"from_": {"days": 1}, "to": {"days": 9}}], ids=str
)
def test_a_list_is_one_statement(session: Session, filters: dict[str, Any]) -> None:
    who = doctor(session)
    booked(session, who, patient(), 3, 4)
    with statements(session) as sent:
        visits_of(session, who, **timed(filters))
    assert len(sent) == 1


def test_the_next_visit_is_the_first_from_now_on(session: Session) -> None:
    who, asking = doctor(session), patient()
    later, sooner = booked(session, who, asking, 5, 3)
    assert visits_of(session, asking, "patient_id", order="asc", from_=clock.now()) == [sooner, later]


def test_the_desk_and_the_doctor_see_who_is_to_be_given_a_time_before_others(session: Session) -> None:
    who, asking = doctor(session), patient()
    waits, plain = booked(session, who, asking, 3, 4)
    appointments.displace(session, who, session.get_one(Appointment, waits), reason=None)
    session.flush()
    assert visits_of(session, who, first_call=True) == [waits]
    assert visits_of(session, who, first_call=False) == [plain]
    assert visits_of(session, who, first_call=True, status=["requested"]) == []
    assert of_all(session, first_call=True, doctor_id=who.person, order="asc") == [waits]
    assert set(of_all(session, doctor_id=who.person, first_call=None)) == {waits, plain}


@pytest.mark.parametrize("contract", [ListAppointments, ListDoctorAppointments])
@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_first_call_is_asked_for_in_words(
    contract: type[ListAppointments | ListDoctorAppointments], text: str, *, value: bool
) -> None:
    assert contract.read({"doctor_id": str(uuid7()), "first_call": text}).first_call is value


def test_a_list_may_be_of_several_states_in_one_order(session: Session) -> None:
    who, asking = doctor(session), patient()
    first, second, third = (book(session, who, actor=asking, starts_at=at(days)) for days in (3, 4, 5))
    move(session, who, second, "accept")
    move(session, who, third, "reject", reason="Away.")
    assert visits_of(session, who, status=["booked", "requested", "booked"]) == [second["id"], first["id"]]
    assert visits_of(session, who, status=["rejected", "requested"], order="asc") == [first["id"], third["id"]]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_a_cursor_is_of_the_order_that_it_comes_from(session: Session, order: str) -> None:
    who = doctor(session)
    booked(session, who, patient(), 3, 4)
    asked: dict[str, Any] = {**ALL, "limit": 1, "order": order}
    cursor = lists.of_all(session, RECEPTIONIST, ListAppointments(cursor=None, **asked)).next
    with pytest.raises(Invalid) as refused:
        lists.of_all(
            session,
            RECEPTIONIST,
            ListAppointments(cursor=cursor, **{**asked, "order": {"asc": "desc"}.get(order, "asc")}),
        )
    assert refused.value.code == "bad_cursor"


@pytest.mark.parametrize(
    "ends",
    [
        lambda: (at(5), at(3)),
        lambda: (at(5).date(), at(4).date()),
        lambda: (at(5).date(), at(3)),
        lambda: (at(5), at(3).date()),
    ],
    ids=["moments", "days", "a day and a moment", "a moment and a day"],
)
def test_a_list_does_not_end_before_it_begins(session: Session, ends: Callable[[], tuple[date, date]]) -> None:
    from_, to = ends()
    with pytest.raises(Invalid) as refused:
        visits_of(session, doctor(session), from_=from_, to=to)
    assert list(refused.value.facts["errors"]) == ["to"]


def test_a_cursor_that_is_not_ours_is_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        visits_of(session, doctor(session), cursor="nonsense", to=at() + timedelta(days=1))
    assert refused.value.code == "bad_cursor"
