"""The doctors who treat a patient, and why."""

from chassis.persistence.database import Session
from contracts.clinical.care import AccessBasis
from services.clinical.care import treatments
from tests.clinical.care_steps import approve, assign, break_the_glass
from tests.clinical.factories import doctor, in_care, opened_account, registered


def test_first_basis_counts_when_a_doctor_has_several(session: Session) -> None:
    physician, person = in_care(session)
    opened_account(session, person.person)
    assign(session, approve(session, physician), person.person)
    found = treatments.bases(session, physician.person, [person.person])
    assert found == {person.person: AccessBasis.APPOINTMENT}


def test_bases_leave_out_other_patients(session: Session) -> None:
    physician, treated, other = doctor(), registered(session), registered(session, email=None, given_name="Mira")
    break_the_glass(session, treated.id, physician)
    found = treatments.bases(session, physician.person, [treated.id, other.id])
    assert found == {treated.id: AccessBasis.BREAK_GLASS}


def test_doctors_of_a_patient_are_found_once_each(session: Session) -> None:
    person, physicians = registered(session), [approve(session, doctor()) for _number in range(2)]
    for physician in physicians:
        assign(session, physician, person.id)
    break_the_glass(session, person.id, other := doctor())
    assert sorted(treatments.doctors_of(session, person.id)) == sorted(one.person for one in (*physicians, other))


def test_no_patients_need_no_statement(session: Session) -> None:
    assert treatments.bases(session, doctor().person, []) == {}
