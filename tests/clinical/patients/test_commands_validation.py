"""The fields of a patient that the contract accepts and refuses."""

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
def test_phone_number_is_refused_when_it_is_not_international(phone: str) -> None:
    with pytest.raises(Invalid) as refused:
        RegisterPatientAtDesk.read({**PERSON, "phone": phone})
    assert set(refused.value.facts["errors"]) == {"phone"}


@pytest.mark.parametrize("name", ["", " ", " Rao", "Rao ", "Rao\nMenon", "R" * 100])
def test_name_is_refused_when_it_is_not_one_trimmed_line(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        RegisterPatientAtDesk.read({**PERSON, "family_name": name})
    assert set(refused.value.facts["errors"]) == {"family_name"}


@pytest.mark.parametrize(
    "change", [{"lines": []}, {"lines": ["a"] * 5}, {"country": "Germany"}, {"country": "de"}, {"planet": "Earth"}]
)
def test_address_is_refused_when_it_is_incomplete_or_long(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        RegisterPatientAtDesk.read({**PERSON, "address": {**ADDRESS, **change}})
    assert set(refused.value.facts["errors"]) == {"address"}


@pytest.mark.parametrize(
    "change", [{"sex": "f"}, {"blood_group": "A"}, {"birth_date": "1990-02-30"}, {"email": "asha"}]
)
def test_field_is_refused_when_its_value_is_unknown(change: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refused:
        RegisterPatientAtDesk.read({**PERSON, **change})
    assert set(refused.value.facts["errors"]) == set(change)


@pytest.mark.parametrize("name", ["name", "family_name", "birth_date", "sex", "blood_group", "email", "deceased_at"])
def test_patient_cannot_change_fields_of_the_desk(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        UpdateMyProfile.read({"patient_id": "01919c5e-0000-7000-8000-000000000001", name: None})
    assert refused.value.facts["errors"] == {name: ["Unknown field."]}
