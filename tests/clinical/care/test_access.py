"""The access of doctors to charts."""

import pytest

from chassis.errors import NotYet
from chassis.persistence.database import Session
from services.clinical.care.access import must_treat, treats
from tests.clinical.factories import doctor, in_care, patient


def test_treating_doctor_has_access(session: Session) -> None:
    physician, person = in_care(session)
    must_treat(session, physician, person.person)
    assert treats(session, physician.person, person.person)


def test_foreign_and_unknown_patients_get_the_same_refusal(session: Session) -> None:
    _physician, person = in_care(session)
    refusals = []
    for patient_id in (person.person, patient().person):
        with pytest.raises(NotYet) as refused:
            must_treat(session, doctor(), patient_id)
        refusals.append((refused.value.code, refused.value.detail))
    assert refusals[0] == refusals[1]
