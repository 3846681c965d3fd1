"""Accounts that are copied into records: of patients alone, with the newest phone number."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import NoResultFound
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from contracts.auth.events import UserErased
from contracts.clinical.patients import BloodGroup, CorrectPatient, PatientRegistered, PatientUpdated, UpdateMyProfile
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical import care, patients
from services.clinical.models.patients import Patient
from tests.clinical.factories import (
    desk,
    doctor,
    heard,
    opened_account,
    patient,
    registered,
    said,
    searched,
    visit,
)
from tests.events import example_of

HERS, OTHER = "+4930333333", "+4930444444"
A_MINUTE = timedelta(minutes=1)


def told(session: Session, person: Patient, *, sequence: int = 2, **facts: object) -> Patient:
    """The patient after auth's next event."""
    return opened_account(session, person.id, sequence=sequence, **facts)


def test_number_of_the_account_is_copied_and_not_told_again(session: Session) -> None:
    known = opened_account(session, uuid7())
    known = told(session, known, phone=HERS, phone_changed_at=clock.now())
    assert (known.phone, known.revision) == (HERS, 2)
    assert not any(isinstance(event, PatientUpdated) for event in session.published)


def test_number_that_is_taken_away_in_the_account_is_gone_here(session: Session) -> None:
    known = told(session, registered(session), phone=None, phone_changed_at=clock.now() + A_MINUTE)
    assert known.phone is None


def test_number_changed_here_is_told_with_its_time(session: Session) -> None:
    known = opened_account(session, uuid7())
    patients.update_own(session, patient(known.id), UpdateMyProfile(patient_id=known.id, phone=HERS))
    [event] = said(session, PatientUpdated)
    assert (event["phone"], event["phone_changed_at"]) == (HERS, known.phone_changed_at)
    assert known.phone_changed_at is not None


def test_number_given_at_the_desk_is_told_with_its_time(session: Session) -> None:
    known = registered(session, phone=HERS)
    assert [event["phone_changed_at"] for event in said(session, PatientRegistered)] == [known.phone_changed_at]
    assert registered(session, phone=None, confirmed_new=True).phone_changed_at is None


def test_number_of_the_account_does_not_count_when_it_is_older(session: Session) -> None:
    known = registered(session, phone=HERS)
    assert told(session, known, phone=OTHER, phone_changed_at=clock.now() - A_MINUTE).phone == HERS


def test_number_of_the_account_counts_of_two_at_the_same_moment(session: Session) -> None:
    known = registered(session, phone=HERS)
    assert told(session, known, phone=OTHER, phone_changed_at=known.phone_changed_at).phone == OTHER


def test_change_of_who_knows_the_other_number_counts_although_this_clock_is_behind(session: Session) -> None:
    ahead = clock.now() + A_MINUTE
    known = opened_account(session, uuid7(), phone=OTHER, phone_changed_at=ahead)
    patients.correct(session, desk(), CorrectPatient(patient_id=known.id, phone=HERS))
    assert said(session, PatientUpdated)[0]["phone_changed_at"] > ahead


def test_account_of_staff_has_no_record(session: Session) -> None:
    with pytest.raises(NoResultFound):
        opened_account(session, uuid7(), is_patient=False, name="Noor Unseen")
    assert searched(session, name="unseen").items == []


def test_account_that_becomes_a_patients_has_a_record_in_whatever_order_it_is_heard(session: Session) -> None:
    nurse = uuid7()
    known = opened_account(session, nurse, sequence=2, name="Noor Later")
    opened_account(session, nurse, sequence=1, is_patient=False, name="Noor Later")
    assert [row.id for row in searched(session, name="later").items] == [known.id]


def test_record_of_staff_from_before_is_dropped(session: Session) -> None:
    known = opened_account(session, uuid7(), name="Noor Before", phone=HERS, phone_changed_at=clock.now())
    with pytest.raises(NoResultFound):
        told(session, known, is_patient=False)
    assert searched(session, name="before").items == []


def test_record_of_staff_stays_when_the_desk_has_worked_on_it(session: Session) -> None:
    known = opened_account(session, uuid7())
    patients.correct(session, desk(), CorrectPatient(patient_id=known.id, blood_group=BloodGroup.A_POSITIVE))
    assert told(session, known, is_patient=False).blood_group == "A+"


def test_record_of_staff_stays_when_a_doctor_treats_them(session: Session) -> None:
    known = opened_account(session, uuid7())
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visit(doctor(), patient(known.id))))
    assert told(session, known, is_patient=False).id == known.id


def test_erased_patient_stays_a_tombstone(session: Session) -> None:
    known = opened_account(session, uuid7())
    patients.forget(session, heard(session, "user_erased"), example_of(UserErased, user_id=known.id))
    session.flush()
    after = told(session, known, is_patient=False, phone=HERS, phone_changed_at=clock.now())
    assert (after.erased_at is None, after.phone, after.phone_changed_at) == (False, None, None)
