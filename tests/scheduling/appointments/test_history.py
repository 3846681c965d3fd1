"""A visit with its history, and access to it."""

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import NotFound
from chassis.persistence.database import Session
from contracts.scheduling.appointments.history import GetAppointment
from contracts.scheduling.appointments.views import AppointmentWithPeopleView
from services.scheduling.appointments import history
from tests.scheduling.appointment_steps import visit_with_history
from tests.scheduling.factories import add_doctor, book, make_patient, make_user, transition
from tests.scheduling.recorded_sql import record_statements

DESK = make_user("receptionist")


def test_history_shows_status_reason_and_author_of_each_change(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient)
    transition(session, doctor, visit, "accept")
    transition(session, patient, visit, "cancel", reason="a cold")
    found = visit_with_history(session, patient, visit)
    changes = [
        (change["revision"], change["status"], change["reason"], change["actor_id"]) for change in found["history"]
    ]
    assert changes == [
        (1, "requested", None, str(patient.person)),
        (2, "booked", None, str(doctor.person)),
        (3, "cancelled", "a cold", str(patient.person)),
    ]
    assert {change["doctor_id"] for change in found["history"]} == {str(doctor.person)}
    assert (found["status"], found["status_reason"], found["revision"]) == ("cancelled", "a cold", 3)


def test_history_hides_the_overbooking_reason_from_the_patient(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    overbooked = {"patient_id": patient.person, "overbook_reason": "The patient was rude."}
    visit = book(session, doctor, actor=DESK, **overbooked)
    transition(session, DESK, visit, "cancel", reason="a strike")
    reasons = {
        reader: [change["reason"] for change in visit_with_history(session, reader, visit)["history"]]
        for reader in (patient, doctor, DESK)
    }
    assert reasons.pop(patient) == [None, "a strike"]
    assert list(reasons.values()) == [["The patient was rude.", "a strike"]] * 2


def test_visit_with_history_has_all_fields_of_a_listed_visit(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor, reason="knee")
    found = visit_with_history(session, doctor, visit)
    assert found.keys() - {"history"} == AppointmentWithPeopleView.schema().fields.keys()


def test_history_is_shown_to_patient_doctor_and_desk(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    visit = book(session, doctor, actor=patient)
    for reader in (patient, doctor, DESK):
        assert visit_with_history(session, reader, visit)["id"] == str(visit["id"])


@pytest.mark.parametrize("role", ["patient", "doctor", "nurse"])
def test_history_answers_not_found_to_strangers(session: Session, role: str) -> None:
    visit = book(session, add_doctor(session))
    for named in (visit, {"id": uuid7()}):
        with pytest.raises(NotFound) as refused:
            visit_with_history(session, make_user(role), named)
        assert refused.value.detail == "There is no such appointment."


def test_history_takes_two_statements_for_any_number_of_changes(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    for name in ("accept", "start", "complete"):
        transition(session, doctor, visit, name)
    visit_with_history(session, doctor, visit)
    with record_statements(session) as sent:
        assert len(history.get(session, doctor, GetAppointment(appointment_id=visit["id"])).history) == 4
    assert len(sent) == 2
