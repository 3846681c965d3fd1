"""Doctors prescribe medicines."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from chassis.errors import Conflict, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import Prescribe, PrescriptionAdded
from services.clinical.models.history import HistoryEntry
from services.clinical.models.prescriptions import Prescription
from services.clinical.prescriptions.commands import prescribe
from tests.clinical.factories import (
    doctor,
    in_care,
    item,
    nurse,
    opened_account,
    patient,
    pharmacist,
    prescribed,
    registered,
)
from tests.clinical.medicine_factories import checked
from tests.clinical.medicine_factories import prescribe as written

AMOXICILLIN = {
    "medicine": "Amoxicillin",
    "dose": {"value": 500.0, "unit": "mg"},
    "route": "oral",
    "frequency": "every 8 hours",
    "days": 7,
    "quantity": 21,
    "refills": 0,
    "dispensed": 0,
    "fills_left": 1,
}


def test_doctor_prescribes_to_a_patient_in_care(session: Session) -> None:
    physician, person = in_care(session)
    made = prescribed(session, physician, person)
    assert (made.doctor_id, made.patient_id, made.status) == (physician.person, person.person, "active")


def test_prescribing_is_refused_without_a_care_relation(session: Session) -> None:
    with pytest.raises(NotFound):
        prescribed(session, doctor(), patient())


def test_event_names_no_medicine(session: Session) -> None:
    physician, person = in_care(session)
    made = prescribed(session, physician, person)
    (event,) = session.published
    assert isinstance(event, PrescriptionAdded)
    ids = {"prescription_id": made.id, "patient_id": person.person, "doctor_id": physician.person}
    assert event.data == {**ids, "supersedes_id": None}


def test_view_has_all_items_and_instructions(session: Session) -> None:
    physician, person = in_care(session)
    made = prescribe(session, physician, Prescribe(patient_id=person.person, items=[item()], instructions="With food."))
    view = Prescribe.reply(made)
    (shown,) = view["items"]
    assert shown.pop("next_fill_at") == view["created_at"]
    assert (shown, view["instructions"]) == (AMOXICILLIN, "With food.")


def test_prescription_enters_the_history(session: Session) -> None:
    physician, person = in_care(session)
    reply = written(session, physician, person.person, "Warfarin", "Paracetamol")
    entry = session.scalars(select(HistoryEntry)).one()
    assert (entry.kind, str(entry.record_id), entry.title) == (
        "prescription",
        reply["id"],
        "Prescribed: Warfarin, Paracetamol",
    )
    assert [each["medicine"] for each in entry.details["items"]] == ["Warfarin", "Paracetamol"]


def test_reply_names_the_doctor(session: Session) -> None:
    physician, person = in_care(session)
    opened_account(session, physician.person, name="Dr Ada Okafor")
    assert written(session, physician, person.person, "Warfarin")["doctor_name"] == "Dr Ada Okafor"


def test_check_writes_no_prescription_but_the_reading(session: Session) -> None:
    physician, person = in_care(session)
    found = checked(session, physician, person.person, "Warfarin", "Aspirin")
    assert len(found.findings) == 2
    assert session.scalars(select(Prescription)).all() == []
    assert [table.name for table, _values in session.appended] == ["chart_access"]


def test_check_finds_what_prescribing_refuses(session: Session) -> None:
    physician, person = in_care(session)
    found = checked(session, physician, person.person, "Warfarin", "Aspirin")
    with pytest.raises(Conflict) as refused:
        written(session, physician, person.person, "Warfarin", "Aspirin")
    assert [each["id"] for each in refused.value.facts["findings"]] == [each.id for each in found.findings]


def test_pharmacist_checks_for_any_patient(session: Session) -> None:
    patient_id = registered(session).id
    assert [found.severity for found in checked(session, pharmacist(), patient_id, "Warfarin/Aspirin").findings] == [
        "serious",
        "serious",
    ]


@pytest.mark.parametrize("reader", [doctor, nurse])
def test_check_is_refused_to_others(session: Session, reader: Callable[[], Actor]) -> None:
    patient_id = registered(session).id
    with pytest.raises(NotFound):
        checked(session, reader(), patient_id, "Warfarin")
