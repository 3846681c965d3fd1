"""Patients: registered at the desk, copied from accounts, corrected, and told apart."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound, NotYet, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserErased
from contracts.clinical.patients import (
    AddressView,
    CorrectPatient,
    GetMyProfile,
    PatientRegistered,
    PatientUpdated,
    PatientView,
    PatientVitalStatusChanged,
    UpdateMyProfile,
)
from services.clinical import patients, rules
from services.clinical.models.patients import Patient
from tests.calls import called
from tests.clinical.factories import ADDRESS, MOTHER, desk, heard, opened_account, patient, person, registered, said
from tests.events import example_of


def _correct(session: Session, known: Patient, **changes: Any) -> Patient:
    return patients.correct(session, desk(), CorrectPatient(patient_id=known.id, **changes))


def _day_in_utc() -> date:
    return clock.now().date()


def test_the_desk_registers_a_patient_with_all_facts(session: Session) -> None:
    known = registered(session)
    session.expire(known)
    told = PatientView.dump_one(known)
    assert {**told, "birth_date": date(1990, 4, 7)} == {
        **{name: value for name, value in person().items() if name != "confirmed_new"},
        "address": ADDRESS.given(),
        "emergency_contact": MOTHER.given(),
        "id": str(known.id),
        "mrn": known.mrn,
        "name": "Asha Rao",
        "deceased_at": None,
        "revision": 1,
    }


def test_a_patient_may_have_one_name_and_no_address(session: Session) -> None:
    known = registered(session, given_name=None, family_name="Suharto", email=None)
    assert (known.name, known.email, known.email_key) == ("Suharto", None, None)


def test_a_registration_is_said_with_the_contact_facts(session: Session) -> None:
    known = registered(session, phone=None)
    told = {"patient_id": known.id, "name": "Asha Rao", "email": "asha@example.org", "phone": None}
    told["phone_changed_at"] = None
    assert said(session, PatientRegistered) == [told]


def test_record_numbers_follow_each_other(session: Session) -> None:
    one, two = registered(session), registered(session, confirmed_new=True)
    numbers = [int(known.mrn.split("-")[1]) for known in (one, two)]
    assert numbers[1] == numbers[0] + 1
    assert rules.read_mrn(two.mrn) == two.mrn


@pytest.mark.parametrize(
    "facts",
    [
        {"email": None},
        {"email": None, "given_name": "RAO", "family_name": "Ásha"},
        {"email": "ASHA@example.org", "family_name": "Menon", "birth_date": date(1961, 1, 1)},
    ],
    ids=["name and birth date", "names the other way round", "address"],
)
def test_a_probable_double_is_refused_with_its_id(session: Session, facts: dict[str, Any]) -> None:
    known = registered(session)
    with pytest.raises(Conflict) as refused:
        registered(session, **facts)
    assert (refused.value.code, refused.value.facts) == ("probable_duplicate", {"patient_ids": [str(known.id)]})


@pytest.mark.parametrize(
    "facts", [{"birth_date": date(1990, 4, 8)}, {"family_name": "Rau"}], ids=["birth date", "name"]
)
def test_who_differs_in_name_or_birth_date_is_no_double(session: Session, facts: dict[str, Any]) -> None:
    known = registered(session)
    assert registered(session, email="other@example.org", **facts).id != known.id


def test_whoever_opened_an_account_with_the_address_is_a_probable_double(session: Session) -> None:
    known = opened_account(session, uuid7())
    with pytest.raises(Conflict) as refused:
        registered(session)
    assert refused.value.facts == {"patient_ids": [str(known.id)]}


@pytest.mark.parametrize("name", [" ", "\u00a0"])
def test_a_blank_name_of_an_account_from_before_such_were_refused_stops_no_event(session: Session, name: str) -> None:
    known = opened_account(session, uuid7(), name=name)
    assert patients.own(session, patient(known.id), GetMyProfile(patient_id=known.id)).name == name
    assert opened_account(session, known.id, sequence=2, name="Asha Rao").name == "Asha Rao"


def test_a_confirmed_double_is_registered_under_another_number(session: Session) -> None:
    known = registered(session)
    twin = registered(session, confirmed_new=True)
    assert (twin.id != known.id, twin.mrn != known.mrn) == (True, True)


def test_nobody_is_born_tomorrow(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        registered(session, birth_date=_day_in_utc() + timedelta(days=2))
    assert refused.value.facts == {"errors": {"birth_date": ["Must not be in the future."]}}


def test_a_child_is_born_today_where_the_hospital_is(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    noon = clock.now().replace(hour=13)  # In Auckland the next day has begun.
    monkeypatch.setattr(clock, "now", lambda: noon)
    tomorrow = noon.date() + timedelta(days=1)
    assert registered(session, birth_date=tomorrow).birth_date == tomorrow


def test_a_patient_reads_ones_own_facts(session: Session) -> None:
    known = registered(session)
    assert patients.own(session, patient(known.id), GetMyProfile(patient_id=known.id)) is known


def test_a_patient_cannot_read_anothers_facts(session: Session) -> None:
    known = registered(session)
    with pytest.raises(NotFound):
        patients.own(session, patient(), GetMyProfile(patient_id=known.id))


def test_ones_own_facts_are_awaited_while_nobody_has_told_of_the_account(session: Session) -> None:
    me = patient()
    with pytest.raises(NotYet):
        patients.own(session, me, GetMyProfile(patient_id=me.person))
    with pytest.raises(NotYet):
        patients.update_own(session, me, UpdateMyProfile(patient_id=me.person, phone=None))


def test_the_facts_of_another_or_of_an_erased_patient_are_not_awaited(session: Session) -> None:
    known = registered(session)
    patients.forget(session, heard(session, "user_erased"), example_of(UserErased, user_id=known.id))
    session.flush()
    for person_id in (known.id, uuid7()):
        with pytest.raises(NotFound) as refused:
            patients.own(session, patient(known.id), GetMyProfile(patient_id=person_id))
        assert type(refused.value) is NotFound


def test_a_patient_changes_how_one_is_reached(session: Session) -> None:
    known = registered(session)
    address = AddressView(lines=["Am Markt 1"], city="Bonn", country="DE")
    changes = UpdateMyProfile(patient_id=known.id, phone="+49301", address=address, emergency_contact=None)
    patients.update_own(session, patient(known.id), changes)
    session.flush()
    session.refresh(known)
    assert (known.phone, known.address, known.emergency_contact) == ("+49301", address.given(), None)
    assert known.revision == 2


def test_a_patient_cannot_change_anothers_facts(session: Session) -> None:
    known = registered(session)
    with pytest.raises(NotFound):
        patients.update_own(session, patient(), UpdateMyProfile(patient_id=known.id, phone=None))


def test_what_is_left_out_stays(session: Session) -> None:
    known = registered(session)
    patients.update_own(session, patient(known.id), UpdateMyProfile(patient_id=known.id, phone=None))
    assert (known.phone, known.address, known.emergency_contact) == (None, ADDRESS.given(), MOTHER.given())


def test_a_change_of_an_older_revision_is_stale(session: Session) -> None:
    known = registered(session)
    actor = Actor(id=known.id)
    patients.update_own(session, actor, UpdateMyProfile(patient_id=known.id, phone="+49301234567"))
    with called(session, if_match='"1"'), pytest.raises(Stale) as refused:
        patients.update_own(session, actor, UpdateMyProfile(patient_id=known.id, phone="+49307654321"))
    assert refused.value.facts == {"revision": 2}


def test_the_desk_too_must_have_seen_the_revision_it_names(session: Session) -> None:
    known = registered(session)
    with called(session, if_match='"7"'), pytest.raises(Stale):
        _correct(session, known, sex="other")


def test_saying_what_is_known_already_changes_no_revision(session: Session) -> None:
    known = registered(session)
    _correct(session, known, sex="female", phone=known.phone)
    assert (known.revision, said(session, PatientUpdated)) == (1, [])


@pytest.mark.parametrize("change", [{"phone": "+49301234567"}, {"email": None}, {"family_name": "Rao-Menon"}])
def test_a_new_contact_fact_is_said(session: Session, change: dict[str, Any]) -> None:
    known = registered(session)
    _correct(session, known, **change)
    assert said(session, PatientUpdated) == [known.contact()]


def test_what_reaches_nobody_is_not_said(session: Session) -> None:
    known = registered(session)
    _correct(session, known, blood_group="O-", address=None)
    assert (known.revision, said(session, PatientUpdated)) == (2, [])


def test_the_desk_completes_who_registered_alone(session: Session) -> None:
    known = opened_account(session, uuid7(), name="A. Rao")
    _correct(session, known, given_name="Asha", family_name="Rao", birth_date=date(1990, 4, 7))
    assert (known.name, known.birth_date, known.mrn[:2]) == ("Asha Rao", date(1990, 4, 7), "M-")


def test_a_given_name_alone_is_no_name(session: Session) -> None:
    known = opened_account(session, uuid7())
    with pytest.raises(Invalid) as refused:
        _correct(session, known, given_name="Asha")
    assert "family_name" in refused.value.facts["errors"]


def test_the_desk_cannot_change_the_address_of_an_account(session: Session) -> None:
    known = opened_account(session, uuid7())
    with pytest.raises(Conflict) as refused:
        _correct(session, known, email="other@example.org")
    assert refused.value.code == "address_of_account"


def test_nobody_dies_before_being_born(session: Session) -> None:
    known = registered(session, birth_date=_day_in_utc())
    with pytest.raises(Invalid) as refused:
        _correct(session, known, deceased_at=clock.now() - timedelta(days=3))
    assert "deceased_at" in refused.value.facts["errors"]


def test_a_death_is_written_down(session: Session) -> None:
    known, moment = registered(session), clock.now()
    _correct(session, known, deceased_at=moment)
    session.flush()
    session.refresh(known)
    assert known.deceased_at == moment
    _correct(session, known, deceased_at=moment, phone="+4930901821")  # No news.
    _correct(session, known, deceased_at=None)
    told = [(one["deceased_at"], one["revision"]) for one in said(session, PatientVitalStatusChanged)]
    assert told == [(moment, 2), (None, 4)]


def test_who_registers_alone_has_a_number_and_nothing_else_is_known(session: Session) -> None:
    known = opened_account(session, uuid7())
    facts = (known.name, known.email, known.sex, known.birth_date, known.family_name, known.phone)
    assert facts == ("Asha Rao", "asha@example.org", "unknown", None, None, None)
    assert rules.read_mrn(known.mrn) == known.mrn


def _hear(session: Session, person_id: UUID, name: str, *, sequence: int) -> Patient:
    return opened_account(session, person_id, name=name, sequence=sequence)


def test_a_newer_event_replaces_the_copy(session: Session) -> None:
    person_id = uuid7()
    number = _hear(session, person_id, "Asha", sequence=1).mrn
    known = _hear(session, person_id, "Asha Rao", sequence=2)
    assert (known.name, known.mrn) == ("Asha Rao", number)


def test_a_stale_event_changes_nothing(session: Session) -> None:
    person_id = uuid7()
    _hear(session, person_id, "Asha Rao", sequence=2)
    assert _hear(session, person_id, "Asha", sequence=1).name == "Asha Rao"


def test_an_invited_patient_keeps_the_name_of_the_papers_and_takes_the_accounts_address(session: Session) -> None:
    known = registered(session, email=None)
    opened_account(session, known.id, name="ashi", email="ashi@example.org")
    assert (known.name, known.email, known.birth_date) == ("Asha Rao", "ashi@example.org", date(1990, 4, 7))


def test_a_copy_that_says_something_new_is_a_new_revision(session: Session) -> None:
    person_id = uuid7()
    revisions = [_hear(session, person_id, name, sequence=number).revision for number, name in enumerate("AAB", 1)]
    assert revisions == [1, 1, 2]
