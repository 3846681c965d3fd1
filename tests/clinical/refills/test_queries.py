"""Lists of refill requests, for patients and doctors."""

from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.refills import ListMyRefillRequests, ListRefillRequests, RefillStatus
from services.clinical.models.care import ChartAccess
from services.clinical.refills import queries
from tests.clinical.factories import doctor, erase, in_care, opened_account, patient, registered, statements
from tests.clinical.pharmacy_factories import Case, asked, decided, dispense, line, of_item, ordered, settle, stocked


def requested(session: Session) -> tuple[Case, UUID]:
    """Return a case of a registered patient with an open refill request."""
    record = registered(session, email=None, confirmed_new=True)
    physician, _nobody = in_care(session, patient_id=record.id)
    person = patient(record.id)
    known = Case(physician, person, ordered(session, physician, person, line(refills=1)))
    dispense(session, known.prescription_id, of_item(stocked(session), 21))
    return known, UUID(str(asked(session, known)["id"]))


def of_patient(session: Session, actor: Actor, patient_id: UUID) -> list[dict[str, object]]:
    query = ListMyRefillRequests(patient_id=patient_id)
    return list(ListMyRefillRequests.reply(queries.list_own(session, actor, query))["items"])  # type: ignore[call-overload]  # a page


def of_doctor(session: Session, actor: Actor, status: str = "requested") -> list[dict[str, object]]:
    query = ListRefillRequests(doctor_id=actor.person, status=RefillStatus(status))
    found = ListRefillRequests.reply(queries.list_to_decide(session, actor, query))["items"]
    settle(session)
    return list(found)  # type: ignore[call-overload]  # a page


def test_patient_sees_requests_with_decisions(session: Session) -> None:
    known, request_id = requested(session)
    opened_account(session, known.doctor.person, name="Dr Ada Okafor")
    decided(session, known.doctor, request_id, "deny", reason="Blood test first.")
    (shown,) = of_patient(session, known.patient, known.patient.person)
    assert (shown["status"], shown["reason"], shown["decided_by_name"]) == (
        "denied",
        "Blood test first.",
        "Dr Ada Okafor",
    )


def test_requests_of_another_patient_are_hidden(session: Session) -> None:
    known, _request_id = requested(session)
    with pytest.raises(NotFound) as refused:
        of_patient(session, patient(), known.patient.person)
    assert refused.value.code == "not_found"


def test_prescriber_sees_patient_and_medicines(session: Session) -> None:
    known, request_id = requested(session)
    (shown,) = of_doctor(session, known.doctor)
    assert (shown["id"], shown["patient_name"], shown["birth_date"]) == (str(request_id), "Asha Rao", "1990-04-07")
    assert [item["medicine"] for item in shown["items"]] == ["Amoxicillin"]  # type: ignore[attr-defined]  # a list


def test_doctors_see_no_requests_for_others(session: Session) -> None:
    known, _request_id = requested(session)
    colleague, _person = in_care(session, patient_id=known.patient.person)
    assert of_doctor(session, colleague) == []
    assert of_doctor(session, doctor()) == []


def test_treating_doctor_sees_requests_of_a_prescriber_who_left(session: Session) -> None:
    known, request_id = requested(session)
    colleague, _person = in_care(session, patient_id=known.patient.person)
    erase(session, known.doctor.person)
    assert [shown["id"] for shown in of_doctor(session, colleague)] == [str(request_id)]
    assert of_doctor(session, doctor()) == []


def test_list_shows_requests_in_one_state(session: Session) -> None:
    known, request_id = requested(session)
    decided(session, known.doctor, request_id, "needs_visit")
    assert of_doctor(session, known.doctor) == []
    assert [shown["id"] for shown in of_doctor(session, known.doctor, "needs_visit")] == [str(request_id)]


def test_list_of_another_doctor_is_refused(session: Session) -> None:
    known, _request_id = requested(session)
    query = ListRefillRequests(doctor_id=known.doctor.person)
    with pytest.raises(NotFound) as refused:
        queries.list_to_decide(session, doctor(), query)
    assert refused.value.code == "not_found"


def test_patient_sees_that_the_doctor_read_the_request(session: Session) -> None:
    known, _request_id = requested(session)
    of_doctor(session, known.doctor)
    access = session.scalars(select(ChartAccess)).one()
    assert (access.patient_id, access.reader_id, access.part, access.basis) == (
        known.patient.person,
        known.doctor.person,
        "prescriptions",
        "refill_request",
    )


def test_page_costs_the_same_for_any_number_of_requests(session: Session) -> None:
    known, _request_id = requested(session)
    with statements(session) as one:
        of_doctor(session, known.doctor)
    person = patient(registered(session, email=None, confirmed_new=True).id)
    in_care(session, doctor_id=known.doctor.person, patient_id=person.person)
    second = Case(known.doctor, person, ordered(session, known.doctor, person, line(refills=1)))
    dispense(session, second.prescription_id, of_item(stocked(session), 21))
    asked(session, second)
    with statements(session) as two:
        assert len(of_doctor(session, known.doctor)) == 2
    reads = [[sent for sent in found if sent.lstrip().startswith("SELECT")] for found in (one, two)]
    assert len(reads[0]) == len(reads[1]) <= 5
