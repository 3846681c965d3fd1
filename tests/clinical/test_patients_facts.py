"""What the desk may say of a patient, and what is refused as not well formed."""

from typing import Any

import pytest

from chassis.errors import Invalid
from contracts.clinical.patients import RegisterPatientAtDesk, UpdateMyProfile

PERSON = {"family_name": "Rao", "birth_date": "1990-04-07", "sex": "female"}
ADDRESS = {"lines": ["Lindenweg 4"], "city": "Berlin", "country": "DE"}


def test_name_birth_date_and_sex_are_enough() -> None:
    assert RegisterPatientAtDesk.read(PERSON).address is None


@pytest.mark.parametrize(
    "phone", ["030123456", "+49", "+0301234567", "+49 30 123456", "+4930123456\n", "+1234567890123456"]
)
def test_a_phone_number_is_international(phone: str) -> None:
    with pytest.raises(Invalid) as refused:
        RegisterPatientAtDesk.read({**PERSON, "phone": phone})
    assert set(refused.value.facts["errors"]) == {"phone"}


@pytest.mark.parametrize("name", ["", " ", " Rao", "Rao ", "Rao\nMenon", "R" * 100])
def test_a_name_is_one_line_without_blanks_around_it(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        RegisterPatientAtDesk.read({**PERSON, "family_name": name})
    assert set(refused.value.facts["errors"]) == {"family_name"}


@pytest.mark.parametrize(
    "change", [{"lines": []}, {"lines": ["a"] * 5}, {"country": "Germany"}, {"country": "de"}, {"planet": "Earth"}]
)
def test_an_address_is_complete_and_short(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        RegisterPatientAtDesk.read({**PERSON, "address": {**ADDRESS, **change}})
    assert set(refused.value.facts["errors"]) == {"address"}


@pytest.mark.parametrize(
    "change", [{"sex": "f"}, {"blood_group": "A"}, {"birth_date": "1990-02-30"}, {"email": "asha"}]
)
def test_what_is_no_such_thing_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        RegisterPatientAtDesk.read({**PERSON, **change})
    assert set(refused.value.facts["errors"]) == set(change)


@pytest.mark.parametrize("name", ["name", "family_name", "birth_date", "sex", "blood_group", "email", "deceased_at"])
def test_a_patient_cannot_change_what_the_desk_has_seen_papers_of(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        UpdateMyProfile.read({"patient_id": "01919c5e-0000-7000-8000-000000000001", name: None})
    assert refused.value.facts["errors"] == {name: ["Unknown field."]}
