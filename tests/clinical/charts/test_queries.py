"""The patients in a doctor's care, and the access log of a patient."""

from typing import Any

import pytest

from chassis.errors import NotFound
from chassis.execution.run import add_events
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import AccessBasis, ChartPart
from contracts.clinical.charts import ListMyChartAccess, ListMyPatients
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical.care.access import open_chart
from services.clinical.care.handlers import on_appointment_booked
from services.clinical.charts import queries
from services.clinical.models.patients import Patient
from tests.clinical.care_steps import approve, assign, break_the_glass, name
from tests.clinical.factories import doctor, heard, nurse, patient, registered, statements, visit
from tests.events import example_of


def book(session: Session, physician: Actor, person: Patient, *, starts: float = -1) -> dict[str, Any]:
    """Book an appointment that starts in this many hours; return its facts."""
    facts = visit(physician, patient(person.id), starts=starts)
    on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **facts))
    return facts


def listed(session: Session, physician: Actor, **filters: Any) -> list[dict[str, Any]]:
    """Return the patients in a doctor's care."""
    return queries.my_patients(session, physician, ListMyPatients(doctor_id=physician.person, **filters)).items


def test_doctor_lists_patients_in_care_by_name(session: Session) -> None:
    physician = doctor()
    people = [registered(session, given_name=given, email=None, phone=None) for given in ("Mira", "Asha")]
    for person in people:
        book(session, physician, person)
    assert [row["name"] for row in listed(session, physician)] == ["Asha Rao", "Mira Rao"]


def test_doctor_does_not_list_patients_of_others(session: Session) -> None:
    book(session, doctor(), registered(session))
    assert listed(session, doctor()) == []


def test_doctor_does_not_list_a_patient_before_the_appointment(session: Session) -> None:
    physician = doctor()
    book(session, physician, registered(session), starts=1)
    assert listed(session, physician) == []


def test_patient_shows_the_latest_end_of_care(session: Session) -> None:
    physician, person = doctor(), registered(session)
    book(session, physician, person, starts=-48)
    last = book(session, physician, person, starts=-1)
    [row] = listed(session, physician)
    assert (row["care_until"] - last["ends_at"]).days == 30


def test_assigned_patient_has_no_end_of_care(session: Session) -> None:
    physician, person = approve(session, doctor()), registered(session)
    book(session, physician, person)
    assign(session, physician, person.id)
    assert [row["care_until"] for row in listed(session, physician)] == [None]


def test_patient_of_an_emergency_is_listed_until_its_end(session: Session) -> None:
    physician, person = doctor(), registered(session)
    opening = break_the_glass(session, person.id, physician)
    assert [row["care_until"] for row in listed(session, physician)] == [opening.until]


def test_patient_shows_the_next_appointment_with_the_doctor(session: Session) -> None:
    physician, person = doctor(), registered(session)
    book(session, physician, person)
    book(session, doctor(), person, starts=2)
    later = book(session, physician, person, starts=24)
    assert [row["next_appointment_at"] for row in listed(session, physician)] == [later["starts_at"]]


@pytest.mark.parametrize(("text", "found"), [("ra ash", 1), ("asha", 1), ("rao x", 0), ("-", 0)])
def test_text_matches_beginnings_of_the_name(session: Session, text: str, found: int) -> None:
    physician = doctor()
    book(session, physician, registered(session))
    assert len(listed(session, physician, q=text)) == found


def test_text_matches_the_record_number(session: Session) -> None:
    physician, person = doctor(), registered(session)
    book(session, physician, person)
    assert [row["id"] for row in listed(session, physician, q=person.mrn.lower())] == [person.id]


def test_list_of_patients_takes_three_statements(session: Session) -> None:
    physician = doctor()
    for given in ("Mira", "Asha"):
        book(session, physician, registered(session, given_name=given, email=None, phone=None))
    with statements(session) as sent:
        listed(session, physician)
    assert len(sent) == 3


def test_doctor_may_not_list_for_another_doctor(session: Session) -> None:
    with pytest.raises(NotFound):
        queries.my_patients(session, doctor(), ListMyPatients(doctor_id=doctor().person))


def test_access_log_names_readers_newest_first(session: Session) -> None:
    reader, person = nurse(), registered(session)
    name(session, reader, "Mia Berg")
    for part in (ChartPart.VITALS, ChartPart.LABS):
        open_chart(session, reader, person.id, part)
    add_events(session)
    query = ListMyChartAccess(patient_id=person.id)
    rows = queries.access_log(session, patient(person.id), query).items
    assert [(row["part"], row["reader_name"]) for row in rows] == [("labs", "Mia Berg"), ("vitals", "Mia Berg")]
    assert {row["basis"] for row in rows} == {AccessBasis.NURSING}


def test_access_log_of_another_patient_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        queries.access_log(session, patient(), ListMyChartAccess(patient_id=patient().person))


def test_care_over_for_31_days_is_not_listed(session: Session) -> None:
    physician, person = doctor(), registered(session)
    book(session, physician, person, starts=-24 * 31)
    assert listed(session, physician) == []
