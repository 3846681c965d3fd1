"""Copies of contact data."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from contracts.auth.events import UserErased, UserRegistered, UserUpdated
from contracts.clinical.patients import PatientRegistered
from services.notify.directory import contacts
from services.notify.models.deliveries import Delivery
from services.notify.models.directory import Contact
from tests.events import example_of
from tests.notify.factories import heard, mail


def _register(session: Session, person: UUID, email: str, *, sequence: int) -> Contact:
    contacts.on_user_registered(
        session,
        heard(session, sequence=sequence),
        example_of(UserRegistered, user_id=person, name="Asha Rao", email=email),
    )
    return session.get_one(Contact, person, populate_existing=True)


def test_new_account_is_copied(session: Session) -> None:
    known = _register(session, uuid7(), "asha@example.org", sequence=1)
    assert (known.name, known.email) == ("Asha Rao", "asha@example.org")


def test_newer_address_replaces_the_copy(session: Session) -> None:
    person = uuid7()
    _register(session, person, "old@example.org", sequence=1)
    assert _register(session, person, "new@example.org", sequence=2).email == "new@example.org"


def test_stale_address_changes_nothing(session: Session) -> None:
    person = uuid7()
    _register(session, person, "new@example.org", sequence=2)
    assert _register(session, person, "old@example.org", sequence=1).email == "new@example.org"


def _register_patient(session: Session, person: UUID, *, sequence: int = 1, **changes: Any) -> Contact:
    facts = {"name": "Asha Rao", "email": None, "phone": "+4930222222", "phone_changed_at": None, **changes}
    contacts.on_patient_registered(
        session, heard(session, sequence=sequence), example_of(PatientRegistered, patient_id=person, **facts)
    )
    return session.get_one(Contact, person, populate_existing=True)


def test_patient_of_the_desk_is_copied_without_an_address(session: Session) -> None:
    known = _register_patient(session, uuid7())
    assert (known.name, known.email, known.phone) == ("Asha Rao", None, "+4930222222")


def test_account_address_replaces_that_of_the_desk(session: Session) -> None:
    person = uuid7()
    _register_patient(session, person, sequence=900, email="desk@example.org")
    known = _register(session, person, "asha@example.org", sequence=1)
    assert (known.email, known.phone) == ("asha@example.org", "+4930222222")


def test_desk_changes_only_the_phone_number_of_an_account(session: Session) -> None:
    person = uuid7()
    _register(session, person, "asha@example.org", sequence=900)
    known = _register_patient(session, person, name="Asha Rao-Menon", email="desk@example.org")
    assert (known.name, known.email, known.phone) == ("Asha Rao", "asha@example.org", "+4930222222")


def test_stale_phone_number_changes_nothing(session: Session) -> None:
    person = uuid7()
    _register_patient(session, person, sequence=2, phone=None)
    assert _register_patient(session, person, sequence=1).phone is None


def test_erased_contact_is_not_filled_by_a_patient_event(session: Session) -> None:
    person = uuid7()
    known = _register_patient(session, person, phone=None)
    known.erased_at = clock.now()
    session.flush()
    assert _register_patient(session, person, sequence=2).phone is None


def _update(session: Session, person: UUID, *, sequence: int, **changes: Any) -> Contact:
    facts = {"name": "Asha Weiss", "email": "new@example.org", "phone": None, "phone_changed_at": None, **changes}
    contacts.on_user_updated(
        session, heard(session, "user_updated", sequence=sequence), example_of(UserUpdated, user_id=person, **facts)
    )
    return session.get_one(Contact, person, populate_existing=True)


def test_changed_profile_is_copied(session: Session) -> None:
    person = uuid7()
    _register(session, person, "old@example.org", sequence=1)
    known = _update(session, person, sequence=2, phone="+4930901820")
    assert (known.name, known.email, known.phone) == ("Asha Weiss", "new@example.org", "+4930901820")


def test_changed_profile_wins_when_it_arrives_before_the_registration(session: Session) -> None:
    person = uuid7()
    _update(session, person, sequence=2)
    assert _register(session, person, "old@example.org", sequence=1).email == "new@example.org"


def test_profile_without_phone_keeps_the_number_of_the_desk(session: Session) -> None:
    person = uuid7()
    _register_patient(session, person)
    assert _update(session, person, sequence=1).phone == "+4930222222"


def test_erased_contact_is_not_filled_by_an_account_event(session: Session) -> None:
    person = uuid7()
    session.add(Contact(id=person, name="", email=None, changed_by=1, erased_at=clock.now()))
    session.flush()
    known = _update(session, person, sequence=2, phone="+4930901820")
    assert (known.name, known.email, known.phone) == ("", None, None)


def test_erasure_deletes_contact_data_and_mails(session: Session) -> None:
    person, other = uuid7(), uuid7()
    _update(session, person, sequence=1, phone="+4930901820")
    for person_id in (person, other):
        mail(session, user_id=person_id)
    contacts.on_user_erased(session, heard(session, "user_erased", sequence=2), example_of(UserErased, user_id=person))
    known = session.get_one(Contact, person, populate_existing=True)
    assert (known.name, known.email, known.phone, known.erased_at is None) == ("", None, None, False)
    assert session.scalars(select(Delivery.person_id).where(Delivery.person_id.in_([person, other]))).all() == [other]


def test_erased_person_stays_unknown_when_events_arrive_late(session: Session) -> None:
    person = uuid7()
    contacts.on_user_erased(session, heard(session, "user_erased"), example_of(UserErased, user_id=person))
    assert _update(session, person, sequence=9).email is None
    assert _register_patient(session, person, sequence=9).phone is None


@pytest.mark.parametrize("account_first", [True, False])
@pytest.mark.parametrize("later", [timedelta(minutes=1), timedelta(0)], ids=["newer", "of the same time"])
def test_account_phone_wins_in_any_order_when_it_is_not_older(
    session: Session,
    later: timedelta,
    account_first: bool,  # noqa: FBT001  a case of the table
) -> None:
    person, now = uuid7(), clock.now()
    events = [
        lambda: _update(session, person, sequence=1, phone="+4930111111", phone_changed_at=now + later),
        lambda: _register_patient(session, person, phone_changed_at=now),
    ]
    for handle in events if account_first else events[::-1]:
        handle()
    assert session.get_one(Contact, person, populate_existing=True).phone == "+4930111111"


@pytest.mark.parametrize("account_first", [True, False])
def test_record_phone_wins_in_any_order_when_it_is_newer(
    session: Session,
    account_first: bool,  # noqa: FBT001  a case of the table
) -> None:
    person, now = uuid7(), clock.now()
    events = [
        lambda: _update(session, person, sequence=1, phone="+4930111111", phone_changed_at=now),
        lambda: _register_patient(session, person, phone_changed_at=now + timedelta(minutes=1)),
    ]
    for handle in events if account_first else events[::-1]:
        handle()
    assert session.get_one(Contact, person, populate_existing=True).phone == "+4930222222"


def test_removed_phone_number_is_removed_from_the_copy(session: Session) -> None:
    person, now = uuid7(), clock.now()
    _register_patient(session, person, phone_changed_at=now)
    known = _update(session, person, sequence=1, phone=None, phone_changed_at=now + timedelta(minutes=1))
    assert known.phone is None
