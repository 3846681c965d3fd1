"""Lists of overridden findings."""

from typing import Any
from uuid import UUID

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.medicines import ListMedicationOverrides
from services.clinical.medicines.queries import list_overrides
from tests.clinical.factories import in_care, opened_account, patient, statements
from tests.clinical.medicine_factories import add_allergy, checked, override, prescribe


def overridden(session: Session) -> tuple[Actor, Actor]:
    """Prescribe warfarin with aspirin; return the doctor and the patient."""
    physician, person = in_care(session)
    medicines = ("Warfarin", "Aspirin")
    answers = [override({"id": found.id}) for found in checked(session, physician, person.person, *medicines).findings]
    prescribe(session, physician, person.person, *medicines, overrides=answers)
    return physician, person


def listed(session: Session, patient_id: UUID | None = None, *, limit: int = 20, cursor: str | None = None) -> Any:
    query = ListMedicationOverrides(patient_id=patient_id, limit=limit, cursor=cursor)
    return ListMedicationOverrides.returns.dump_one(list_overrides(session, patient(), query))


def test_override_is_listed_with_its_text_and_reason(session: Session) -> None:
    physician, person = overridden(session)
    opened_account(session, physician.person, name="Dr Ada Okafor")
    first = listed(session)["items"][0]
    assert (first["patient_id"], first["author_name"]) == (person.person, "Dr Ada Okafor")
    assert (first["kind"], first["reason"]) == ("interaction", "Benefit outweighs the risk.")
    assert first["text"].startswith("aspirin with warfarin")


def test_finding_without_override_is_not_listed(session: Session) -> None:
    physician, person = in_care(session)
    add_allergy(session, person.person, "amoxicillin")
    prescribe(session, physician, person.person, "Ceftriaxone")
    assert listed(session)["items"] == []


def test_list_can_be_of_one_patient(session: Session) -> None:
    overridden(session)
    _physician, person = overridden(session)
    assert {each["patient_id"] for each in listed(session, person.person)["items"]} == {person.person}


def test_list_comes_in_pages_newest_first(session: Session) -> None:
    for _time in range(2):
        overridden(session)
    whole = [each["id"] for each in listed(session)["items"]]
    first = listed(session, limit=3)
    second = listed(session, limit=3, cursor=first["next"])
    assert [each["id"] for each in (*first["items"], *second["items"])] == whole == sorted(whole, reverse=True)


def test_list_takes_two_statements(session: Session) -> None:
    for _time in range(3):
        overridden(session)
    with statements(session) as sent:
        assert len(listed(session)["items"]) == 6
    assert len(sent) == 2
