"""Registration, correction and duplicates of patients."""

from datetime import date, timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Conflict, Invalid, NotFound, NotYet, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
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
from services.clinical.models.patients import Patient
from services.clinical.patients import commands, queries, rules
from tests.calls import called
from tests.clinical.factories import (
    ADDRESS,
    MOTHER,
    demographics,
    desk,
    opened_account,
    patient,
    published,
    registered,
)


def _correct(session: Session, known: Patient, **changes: Any) -> Patient:
    return commands.correct(session, desk(), CorrectPatient(patient_id=known.id, **changes))


def _day_in_utc() -> date:
    return clock.now().date()


def test_registration_stores_all_facts(session: Session) -> None:
    known = registered(session)
    session.expire(known)
    view = PatientView.dump_one(known)
    assert {**view, "birth_date": date(1990, 4, 7)} == {
        **{name: value for name, value in demographics().items() if name != "confirmed_new"},
        "address": ADDRESS.given(),
        "emergency_contact": MOTHER.given(),
        "id": str(known.id),
        "mrn": known.mrn,
        "name": "Asha Rao",
        "deceased_at": None,
        "revision": 1,
    }


def test_registration_accepts_one_name_and_no_email(session: Session) -> None:
    known = registered(session, given_name=None, family_name="Suharto", email=None)
    assert (known.name, known.email, known.email_key) == ("Suharto", None, None)


def test_registration_is_published_with_contact_data(session: Session) -> None:
    known = registered(session, phone=None)
    data = {"patient_id": known.id, "name": "Asha Rao", "email": "asha@example.org", "phone": None}
    data["phone_changed_at"] = None
    assert published(session, PatientRegistered) == [data]


def test_record_numbers_are_consecutive(session: Session) -> None:
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
def test_probable_duplicate_is_refused_with_its_id(session: Session, facts: dict[str, Any]) -> None:
    known = registered(session)
    with pytest.raises(Conflict) as refused:
        registered(session, **facts)
    assert (refused.value.code, refused.value.facts) == ("probable_duplicate", {"patient_ids": [str(known.id)]})


@pytest.mark.parametrize(
    "facts", [{"birth_date": date(1990, 4, 8)}, {"family_name": "Rau"}], ids=["birth date", "name"]
)
def test_different_name_or_birth_date_is_no_duplicate(session: Session, facts: dict[str, Any]) -> None:
    known = registered(session)
    assert registered(session, email="other@example.org", **facts).id != known.id


def test_account_with_the_same_email_is_a_probable_duplicate(session: Session) -> None:
    known = opened_account(session, uuid7())
    with pytest.raises(Conflict) as refused:
        registered(session)
    assert refused.value.facts == {"patient_ids": [str(known.id)]}


@pytest.mark.parametrize("name", [" ", "\u00a0"])
def test_blank_name_of_an_old_account_is_accepted(session: Session, name: str) -> None:
    known = opened_account(session, uuid7(), name=name)
    assert queries.get_own(session, patient(known.id), GetMyProfile(patient_id=known.id)).name == name
    assert opened_account(session, known.id, sequence=2, name="Asha Rao").name == "Asha Rao"


def test_confirmed_duplicate_gets_another_record_number(session: Session) -> None:
    known = registered(session)
    twin = registered(session, confirmed_new=True)
    assert (twin.id != known.id, twin.mrn != known.mrn) == (True, True)


def test_future_birth_date_is_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        registered(session, birth_date=_day_in_utc() + timedelta(days=2))
    assert refused.value.facts == {"errors": {"birth_date": ["Must not be in the future."]}}


def test_birth_date_may_be_today_in_the_zone_of_the_hospital(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    noon = clock.now().replace(hour=13)  # In Auckland it is already the next day.
    monkeypatch.setattr(clock, "now", lambda: noon)
    tomorrow = noon.date() + timedelta(days=1)
    assert registered(session, birth_date=tomorrow).birth_date == tomorrow


def test_own_record_is_awaited_before_the_account_event(session: Session) -> None:
    me = patient()
    with pytest.raises(NotYet):
        queries.get_own(session, me, GetMyProfile(patient_id=me.person))
    with pytest.raises(NotYet):
        commands.update_own(session, me, UpdateMyProfile(patient_id=me.person, phone=None))


def test_patient_updates_contact_data(session: Session) -> None:
    known = registered(session)
    address = AddressView(lines=["Am Markt 1"], city="Bonn", country="DE")
    changes = UpdateMyProfile(patient_id=known.id, phone="+49301", address=address, emergency_contact=None)
    commands.update_own(session, patient(known.id), changes)
    session.flush()
    session.refresh(known)
    assert (known.phone, known.address, known.emergency_contact) == ("+49301", address.given(), None)
    assert known.revision == 2


def test_patient_cannot_update_another_patient(session: Session) -> None:
    known = registered(session)
    with pytest.raises(NotFound):
        commands.update_own(session, patient(), UpdateMyProfile(patient_id=known.id, phone=None))


def test_omitted_fields_stay_the_same(session: Session) -> None:
    known = registered(session)
    commands.update_own(session, patient(known.id), UpdateMyProfile(patient_id=known.id, phone=None))
    assert (known.phone, known.address, known.emergency_contact) == (None, ADDRESS.given(), MOTHER.given())


def test_update_of_an_older_revision_is_stale(session: Session) -> None:
    known = registered(session)
    actor = Actor(id=known.id)
    commands.update_own(session, actor, UpdateMyProfile(patient_id=known.id, phone="+49301234567"))
    with called(session, if_match='"1"'), pytest.raises(Stale) as refused:
        commands.update_own(session, actor, UpdateMyProfile(patient_id=known.id, phone="+49307654321"))
    assert refused.value.facts == {"revision": 2}


def test_correction_of_another_revision_is_stale(session: Session) -> None:
    known = registered(session)
    with called(session, if_match='"7"'), pytest.raises(Stale):
        _correct(session, known, sex="other")


def test_correction_without_a_difference_keeps_the_revision(session: Session) -> None:
    known = registered(session)
    _correct(session, known, sex="female", phone=known.phone)
    assert (known.revision, published(session, PatientUpdated)) == (1, [])


@pytest.mark.parametrize("change", [{"phone": "+49301234567"}, {"email": None}, {"family_name": "Rao-Menon"}])
def test_changed_contact_data_is_published(session: Session, change: dict[str, Any]) -> None:
    known = registered(session)
    _correct(session, known, **change)
    assert published(session, PatientUpdated) == [known.contact()]


def test_other_changes_are_not_published(session: Session) -> None:
    known = registered(session)
    _correct(session, known, blood_group="O-", address=None)
    assert (known.revision, published(session, PatientUpdated)) == (2, [])


def test_desk_completes_a_self_registered_patient(session: Session) -> None:
    known = opened_account(session, uuid7(), name="A. Rao")
    _correct(session, known, given_name="Asha", family_name="Rao", birth_date=date(1990, 4, 7))
    assert (known.name, known.birth_date, known.mrn[:2]) == ("Asha Rao", date(1990, 4, 7), "M-")


def test_given_name_without_a_family_name_is_refused(session: Session) -> None:
    known = opened_account(session, uuid7())
    with pytest.raises(Invalid) as refused:
        _correct(session, known, given_name="Asha")
    assert "family_name" in refused.value.facts["errors"]


def test_desk_cannot_change_the_email_of_an_account(session: Session) -> None:
    known = opened_account(session, uuid7())
    with pytest.raises(Conflict) as refused:
        _correct(session, known, email="other@example.org")
    assert refused.value.code == "address_of_account"


def test_death_before_birth_is_refused(session: Session) -> None:
    known = registered(session, birth_date=_day_in_utc())
    with pytest.raises(Invalid) as refused:
        _correct(session, known, deceased_at=clock.now() - timedelta(days=3))
    assert "deceased_at" in refused.value.facts["errors"]


def test_death_is_stored_and_published(session: Session) -> None:
    known, moment = registered(session), clock.now()
    _correct(session, known, deceased_at=moment)
    session.flush()
    session.refresh(known)
    assert known.deceased_at == moment
    _correct(session, known, deceased_at=moment, phone="+4930901821")  # Not a new death.
    _correct(session, known, deceased_at=None)
    found = [(data["deceased_at"], data["revision"]) for data in published(session, PatientVitalStatusChanged)]
    assert found == [(moment, 2), (None, 4)]
