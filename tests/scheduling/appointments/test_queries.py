"""Lists of visits: access, order, filters and pages."""

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
from tests.scheduling.factories import (
    add_doctor,
    at,
    book,
    make_patient,
    make_user,
    own_visit_ids,
    resolve_times,
    transition,
)
from tests.scheduling.recorded_sql import record_statements
from tests.ward import settings

RECEPTIONIST = make_user("receptionist")
ALL: dict[str, Any] = dict.fromkeys(("doctor_id", "patient_id", "status", "from_", "to")) | {"order": "desc"}


def listed_ids(session: Session, **filters: Any) -> list[UUID]:
    """The ids in the list of the desk."""
    given = {**ALL, "limit": 20, "cursor": None, **filters}
    return [row.id for row in lists.of_all(session, RECEPTIONIST, ListAppointments(**given)).items]


def book_days(session: Session, doctor: Actor, patient: Actor, *days: int) -> list[UUID]:
    """Book a visit of a patient on each of these days; return the ids."""
    return [book(session, doctor, actor=patient, starts_at=at(day))["id"] for day in days]


def test_list_of_a_patient_has_own_visits_latest_first(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    book(session, doctor)
    third, fifth, fourth = book_days(session, doctor, patient, 3, 5, 4)
    assert own_visit_ids(session, patient, "patient_id") == [fifth, fourth, third]


def test_list_of_a_doctor_has_own_visits(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    book(session, add_doctor(session))
    assert own_visit_ids(session, doctor) == [visit["id"]]


@pytest.mark.parametrize("field", ["patient_id", "doctor_id"])
def test_list_is_refused_when_the_caller_names_another_person(session: Session, field: str) -> None:
    with pytest.raises(NotFound):
        own_visit_ids(session, make_patient(), field, **{field: uuid7()})


def test_list_is_filtered_by_status(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    first = book(session, doctor, actor=patient, starts_at=at(3))
    [second] = book_days(session, doctor, patient, 4)
    transition(session, doctor, first, "accept")
    assert own_visit_ids(session, patient, "patient_id", status=["requested"]) == [second]
    assert own_visit_ids(session, doctor, status=["booked"]) == [first["id"]]


def test_list_includes_its_first_moment_and_excludes_its_last(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    third, fourth, fifth = book_days(session, doctor, patient, 3, 4, 5)
    assert own_visit_ids(session, doctor, from_=at(4)) == [fifth, fourth]
    assert own_visit_ids(session, doctor, to=at(4)) == [third]
    assert own_visit_ids(session, doctor, from_=at(3), to=at(5)) == [fourth, third]
    assert own_visit_ids(session, doctor, from_=at(4), to=at(4)) == []


def test_list_includes_the_whole_day_when_its_bounds_are_days(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    _third, fourth, _fifth = book_days(session, doctor, patient, 3, 4, 5)
    day = at(4).date()
    assert own_visit_ids(session, patient, "patient_id", from_=day, to=day) == [fourth]


def test_list_takes_days_in_the_time_zone_of_the_hospital(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor = add_doctor(session)
    [visit] = book_days(session, doctor, make_patient(), 4)
    day = at(4).date()
    monkeypatch.setattr(config, "_current", settings(hospital_timezone=ZoneInfo("Pacific/Kiritimati")))
    assert own_visit_ids(session, doctor, from_=day, to=day) == [visit]
    monkeypatch.setattr(config, "_current", settings(hospital_timezone=ZoneInfo("Pacific/Pago_Pago")))
    assert own_visit_ids(session, doctor, from_=day, to=day) == []


def test_list_of_the_desk_is_filtered_by_doctor_patient_and_day(session: Session) -> None:
    doctor, other, patient = add_doctor(session), add_doctor(session), make_patient()
    [own_visit] = book_days(session, doctor, patient, 3)
    [at_other] = book_days(session, other, patient, 4)
    other_visit = book(session, doctor, starts_at=at(5))["id"]
    assert listed_ids(session, patient_id=patient.person) == [at_other, own_visit]
    assert listed_ids(session, doctor_id=doctor.person) == [other_visit, own_visit]
    assert listed_ids(session, doctor_id=doctor.person, patient_id=patient.person) == [own_visit]
    assert listed_ids(session, from_=at(3).date(), to=at(4).date())[:2] == [at_other, own_visit]


@pytest.mark.parametrize("states", [None, ["requested"], ["booked", "requested", "cancelled"]], ids=str)
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_of_a_bounded_list_have_no_gap_and_no_repeat(
    session: Session, order: str, states: list[str] | None
) -> None:
    doctor, patient = add_doctor(session), make_patient()
    booked = book_days(session, doctor, patient, 3, 4, 5, 6, 7)
    found, cursor = list[UUID](), None
    while True:
        given = {"from_": at(4), "to": at(7), "limit": 2, "cursor": cursor, "order": order, "status": states}
        page = lists.of_doctor(session, doctor, ListDoctorAppointments(doctor_id=doctor.person, **given))  # type: ignore[arg-type]
        found += [row.id for row in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert found == (booked[1:4] if order == "asc" else booked[3:0:-1])


@pytest.mark.parametrize(
    "filters", [{}, {"status": ["booked", "requested"]}, {"from_": {"days": 1}, "to": {"days": 9}}], ids=str
)
def test_list_with_names_takes_one_statement(session: Session, filters: dict[str, Any]) -> None:
    doctor = add_doctor(session)
    book_days(session, doctor, make_patient(), 3, 4)
    with record_statements(session) as sent:
        own_visit_ids(session, doctor, **resolve_times(filters))
    assert len(sent) == 1


def test_list_in_ascending_order_begins_with_the_next_visit(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    later, sooner = book_days(session, doctor, patient, 5, 3)
    assert own_visit_ids(session, patient, "patient_id", order="asc", from_=clock.now()) == [sooner, later]


def test_list_is_filtered_by_first_call(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    displaced, plain = book_days(session, doctor, patient, 3, 4)
    appointments.displace(session, doctor, session.get_one(Appointment, displaced), reason=None)
    session.flush()
    assert own_visit_ids(session, doctor, first_call=True) == [displaced]
    assert own_visit_ids(session, doctor, first_call=False) == [plain]
    assert own_visit_ids(session, doctor, first_call=True, status=["requested"]) == []
    assert listed_ids(session, first_call=True, doctor_id=doctor.person, order="asc") == [displaced]
    assert set(listed_ids(session, doctor_id=doctor.person, first_call=None)) == {displaced, plain}


@pytest.mark.parametrize("contract", [ListAppointments, ListDoctorAppointments])
@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False)])
def test_first_call_is_read_from_text(
    contract: type[ListAppointments | ListDoctorAppointments], text: str, *, value: bool
) -> None:
    assert contract.read({"doctor_id": str(uuid7()), "first_call": text}).first_call is value


def test_list_of_several_statuses_is_in_one_order(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    first, second, third = (book(session, doctor, actor=patient, starts_at=at(days)) for days in (3, 4, 5))
    transition(session, doctor, second, "accept")
    transition(session, doctor, third, "reject", reason="Away.")
    assert own_visit_ids(session, doctor, status=["booked", "requested", "booked"]) == [second["id"], first["id"]]
    assert own_visit_ids(session, doctor, status=["rejected", "requested"], order="asc") == [first["id"], third["id"]]


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_cursor_is_refused_when_the_order_differs(session: Session, order: str) -> None:
    doctor = add_doctor(session)
    book_days(session, doctor, make_patient(), 3, 4)
    query: dict[str, Any] = {**ALL, "limit": 1, "order": order}
    cursor = lists.of_all(session, RECEPTIONIST, ListAppointments(cursor=None, **query)).next
    with pytest.raises(Invalid) as refused:
        lists.of_all(
            session,
            RECEPTIONIST,
            ListAppointments(cursor=cursor, **{**query, "order": {"asc": "desc"}.get(order, "asc")}),
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
def test_list_is_refused_when_it_ends_before_it_begins(session: Session, ends: Callable[[], tuple[date, date]]) -> None:
    from_, to = ends()
    with pytest.raises(Invalid) as refused:
        own_visit_ids(session, add_doctor(session), from_=from_, to=to)
    assert list(refused.value.facts["errors"]) == ["to"]


def test_cursor_is_refused_when_it_is_malformed(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        own_visit_ids(session, add_doctor(session), cursor="nonsense", to=at() + timedelta(days=1))
    assert refused.value.code == "bad_cursor"
