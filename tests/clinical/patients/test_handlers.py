"""Accounts of patients, copied into records, with the newest phone number."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.exc import NoResultFound
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.execution.run import add_events
from chassis.persistence.database import Session
from contracts.clinical.allergies import AddAllergy
from contracts.clinical.patients import BloodGroup, CorrectPatient, PatientRegistered, PatientUpdated, UpdateMyProfile
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical.allergies import commands as allergies
from services.clinical.care.handlers import on_appointment_booked
from services.clinical.models.patients import Patient
from services.clinical.patients import commands, rules
from tests.clinical.factories import (
    desk,
    doctor,
    erase,
    heard,
    nurse,
    opened_account,
    patient,
    published,
    registered,
    searched,
    visit,
)
from tests.clinical.vitals_factories import entries, measured
from tests.events import example_of

PHONE, OTHER = "+4930333333", "+4930444444"
A_MINUTE = timedelta(minutes=1)


def updated(session: Session, known: Patient, *, sequence: int = 2, **facts: object) -> Patient:
    """Return the patient after the next event of auth."""
    return opened_account(session, known.id, sequence=sequence, **facts)


def test_account_phone_is_copied_and_not_published(session: Session) -> None:
    known = opened_account(session, uuid7())
    known = updated(session, known, phone=PHONE, phone_changed_at=clock.now())
    assert (known.phone, known.revision) == (PHONE, 2)
    assert not any(isinstance(event, PatientUpdated) for event in session.published)


def test_removed_account_phone_is_removed_here(session: Session) -> None:
    known = updated(session, registered(session), phone=None, phone_changed_at=clock.now() + A_MINUTE)
    assert known.phone is None


def test_phone_changed_here_is_published_with_its_time(session: Session) -> None:
    known = opened_account(session, uuid7())
    commands.update_own(session, patient(known.id), UpdateMyProfile(patient_id=known.id, phone=PHONE))
    [event] = published(session, PatientUpdated)
    assert (event["phone"], event["phone_changed_at"]) == (PHONE, known.phone_changed_at)
    assert known.phone_changed_at is not None


def test_phone_from_the_desk_is_published_with_its_time(session: Session) -> None:
    known = registered(session, phone=PHONE)
    assert [event["phone_changed_at"] for event in published(session, PatientRegistered)] == [known.phone_changed_at]
    assert registered(session, phone=None, confirmed_new=True).phone_changed_at is None


def test_older_account_phone_does_not_count(session: Session) -> None:
    known = registered(session, phone=PHONE)
    assert updated(session, known, phone=OTHER, phone_changed_at=clock.now() - A_MINUTE).phone == PHONE


def test_account_phone_wins_when_both_change_at_once(session: Session) -> None:
    known = registered(session, phone=PHONE)
    assert updated(session, known, phone=OTHER, phone_changed_at=known.phone_changed_at).phone == OTHER


def test_later_change_counts_although_this_clock_is_slow(session: Session) -> None:
    ahead = clock.now() + A_MINUTE
    known = opened_account(session, uuid7(), phone=OTHER, phone_changed_at=ahead)
    commands.correct(session, desk(), CorrectPatient(patient_id=known.id, phone=PHONE))
    assert published(session, PatientUpdated)[0]["phone_changed_at"] > ahead


def test_account_of_staff_has_no_record(session: Session) -> None:
    with pytest.raises(NoResultFound):
        opened_account(session, uuid7(), is_patient=False, name="Noor Unseen")
    assert searched(session, name="unseen").items == []


def test_account_that_becomes_a_patients_has_a_record_in_any_order(session: Session) -> None:
    nurse = uuid7()
    known = opened_account(session, nurse, sequence=2, name="Noor Later")
    opened_account(session, nurse, sequence=1, is_patient=False, name="Noor Later")
    assert [row.id for row in searched(session, name="later").items] == [known.id]


def test_unused_record_of_staff_is_deleted(session: Session) -> None:
    known = opened_account(session, uuid7(), name="Noor Before", phone=PHONE, phone_changed_at=clock.now())
    with pytest.raises(NoResultFound):
        updated(session, known, is_patient=False)
    assert searched(session, name="before").items == []


def test_record_of_staff_stays_when_it_has_vital_signs(session: Session) -> None:
    known = opened_account(session, uuid7())
    measured(session, known.id)
    assert entries(session, known.id)
    assert updated(session, known, is_patient=False).id == known.id


def test_record_of_staff_stays_when_the_desk_has_changed_it(session: Session) -> None:
    known = opened_account(session, uuid7())
    commands.correct(session, desk(), CorrectPatient(patient_id=known.id, blood_group=BloodGroup.A_POSITIVE))
    assert updated(session, known, is_patient=False).blood_group == "A+"


def test_record_of_staff_stays_when_a_doctor_treats_the_person(session: Session) -> None:
    known = opened_account(session, uuid7())
    on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visit(doctor(), patient(known.id))))
    assert updated(session, known, is_patient=False).id == known.id


def test_record_of_staff_stays_when_the_chart_has_an_entry(session: Session) -> None:
    known = opened_account(session, uuid7())
    allergies.add(session, nurse(), AddAllergy(patient_id=known.id, substance="latex"))
    add_events(session)
    assert updated(session, known, is_patient=False).id == known.id


def test_erased_patient_stays_a_tombstone(session: Session) -> None:
    known = opened_account(session, uuid7())
    erase(session, known.id)
    after = updated(session, known, is_patient=False, phone=PHONE, phone_changed_at=clock.now())
    assert (after.erased_at is None, after.phone, after.phone_changed_at) == (False, None, None)


def test_self_registered_patient_has_a_record_number_and_few_facts(session: Session) -> None:
    known = opened_account(session, uuid7())
    facts = (known.name, known.email, known.sex, known.birth_date, known.family_name, known.phone)
    assert facts == ("Asha Rao", "asha@example.org", "unknown", None, None, None)
    assert rules.read_mrn(known.mrn) == known.mrn


def _copied(session: Session, person_id: UUID, name: str, *, sequence: int) -> Patient:
    return opened_account(session, person_id, name=name, sequence=sequence)


def test_newer_event_replaces_the_copy(session: Session) -> None:
    person_id = uuid7()
    number = _copied(session, person_id, "Asha", sequence=1).mrn
    known = _copied(session, person_id, "Asha Rao", sequence=2)
    assert (known.name, known.mrn) == ("Asha Rao", number)


def test_stale_event_changes_nothing(session: Session) -> None:
    person_id = uuid7()
    _copied(session, person_id, "Asha Rao", sequence=2)
    assert _copied(session, person_id, "Asha", sequence=1).name == "Asha Rao"


def test_invited_patient_keeps_the_desk_name_and_takes_the_account_email(session: Session) -> None:
    known = registered(session, email=None)
    opened_account(session, known.id, name="ashi", email="ashi@example.org")
    assert (known.name, known.email, known.birth_date) == ("Asha Rao", "ashi@example.org", date(1990, 4, 7))


def test_changed_copy_has_a_new_revision(session: Session) -> None:
    person_id = uuid7()
    revisions = [_copied(session, person_id, name, sequence=number).revision for number, name in enumerate("AAB", 1)]
    assert revisions == [1, 1, 2]
