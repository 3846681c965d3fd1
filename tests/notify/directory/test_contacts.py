"""Copies of contacts."""

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


def _hear(session: Session, person: UUID, email: str, *, sequence: int) -> Contact:
    contacts.remember(
        session, heard(sequence=sequence), example_of(UserRegistered, user_id=person, name="Asha Rao", email=email)
    )
    return session.get_one(Contact, person, populate_existing=True)


def test_a_registered_person_can_be_reached(session: Session) -> None:
    known = _hear(session, uuid7(), "asha@example.org", sequence=1)
    assert (known.name, known.email) == ("Asha Rao", "asha@example.org")


def test_a_newer_address_replaces_the_copy(session: Session) -> None:
    person = uuid7()
    _hear(session, person, "old@example.org", sequence=1)
    assert _hear(session, person, "new@example.org", sequence=2).email == "new@example.org"


def test_a_stale_address_changes_nothing(session: Session) -> None:
    person = uuid7()
    _hear(session, person, "new@example.org", sequence=2)
    assert _hear(session, person, "old@example.org", sequence=1).email == "new@example.org"


def _hear_patient(session: Session, person: UUID, *, sequence: int = 1, **facts: Any) -> Contact:
    told = {"name": "Asha Rao", "email": None, "phone": "+4930222222", "phone_changed_at": None, **facts}
    contacts.remember_patient(
        session, heard(sequence=sequence), example_of(PatientRegistered, patient_id=person, **told)
    )
    return session.get_one(Contact, person, populate_existing=True)


def test_a_patient_of_the_desk_may_have_no_address(session: Session) -> None:
    known = _hear_patient(session, uuid7())
    assert (known.name, known.email, known.phone) == ("Asha Rao", None, "+4930222222")


def test_an_account_gives_the_address_whatever_number_its_event_has(session: Session) -> None:
    person = uuid7()
    _hear_patient(session, person, sequence=900, email="desk@example.org")
    known = _hear(session, person, "asha@example.org", sequence=1)
    assert (known.email, known.phone) == ("asha@example.org", "+4930222222")


def test_of_who_has_an_account_the_desk_tells_only_the_phone_number(session: Session) -> None:
    person = uuid7()
    _hear(session, person, "asha@example.org", sequence=900)
    known = _hear_patient(session, person, name="Asha Rao-Menon", email="desk@example.org")
    assert (known.name, known.email, known.phone) == ("Asha Rao", "asha@example.org", "+4930222222")


def test_a_stale_phone_number_changes_nothing(session: Session) -> None:
    person = uuid7()
    _hear_patient(session, person, sequence=2, phone=None)
    assert _hear_patient(session, person, sequence=1).phone is None


def test_an_erased_contact_is_not_filled_again(session: Session) -> None:
    person = uuid7()
    known = _hear_patient(session, person, phone=None)
    known.erased_at = clock.now()
    session.flush()
    assert _hear_patient(session, person, sequence=2).phone is None


def _hear_update(session: Session, person: UUID, *, sequence: int, **facts: Any) -> Contact:
    told = {"name": "Asha Weiss", "email": "new@example.org", "phone": None, "phone_changed_at": None, **facts}
    contacts.remember(
        session, heard("user_updated", sequence=sequence), example_of(UserUpdated, user_id=person, **told)
    )
    return session.get_one(Contact, person, populate_existing=True)


def test_a_changed_profile_is_copied(session: Session) -> None:
    person = uuid7()
    _hear(session, person, "old@example.org", sequence=1)
    known = _hear_update(session, person, sequence=2, phone="+4930901820")
    assert (known.name, known.email, known.phone) == ("Asha Weiss", "new@example.org", "+4930901820")


def test_a_changed_profile_may_come_before_the_account_is_known(session: Session) -> None:
    person = uuid7()
    _hear_update(session, person, sequence=2)
    assert _hear(session, person, "old@example.org", sequence=1).email == "new@example.org"


def test_a_profile_without_phone_number_leaves_that_of_the_desk(session: Session) -> None:
    person = uuid7()
    _hear_patient(session, person)
    assert _hear_update(session, person, sequence=1).phone == "+4930222222"


def test_an_erased_contact_is_not_filled_by_what_auth_said_before(session: Session) -> None:
    person = uuid7()
    session.add(Contact(id=person, name="", email=None, changed_by=1, erased_at=clock.now()))
    session.flush()
    known = _hear_update(session, person, sequence=2, phone="+4930901820")
    assert (known.name, known.email, known.phone) == ("", None, None)


def test_of_an_erased_person_neither_contact_nor_mails_are_left(session: Session) -> None:
    person, other = uuid7(), uuid7()
    _hear_update(session, person, sequence=1, phone="+4930901820")
    for who in (person, other):
        mail(session, user_id=who)
    contacts.forget(session, heard("user_erased", sequence=2), example_of(UserErased, user_id=person))
    known = session.get_one(Contact, person, populate_existing=True)
    assert (known.name, known.email, known.phone, known.erased_at is None) == ("", None, None, False)
    assert session.scalars(select(Delivery.person_id).where(Delivery.person_id.in_([person, other]))).all() == [other]


def test_who_is_erased_before_having_been_heard_of_stays_unknown(session: Session) -> None:
    person = uuid7()
    contacts.forget(session, heard("user_erased"), example_of(UserErased, user_id=person))
    assert _hear_update(session, person, sequence=9).email is None
    assert _hear_patient(session, person, sequence=9).phone is None


@pytest.mark.parametrize("account_first", [True, False])
@pytest.mark.parametrize("later", [timedelta(minutes=1), timedelta(0)], ids=["newer", "of the same moment"])
def test_number_of_the_account_counts_when_it_is_not_older_in_whatever_order(
    session: Session,
    later: timedelta,
    account_first: bool,  # noqa: FBT001  a case of the table
) -> None:
    person, now = uuid7(), clock.now()
    hear = [
        lambda: _hear_update(session, person, sequence=1, phone="+4930111111", phone_changed_at=now + later),
        lambda: _hear_patient(session, person, phone_changed_at=now),
    ]
    for one in hear if account_first else hear[::-1]:
        one()
    assert session.get_one(Contact, person, populate_existing=True).phone == "+4930111111"


@pytest.mark.parametrize("account_first", [True, False])
def test_number_of_the_record_counts_when_it_is_newer_in_whatever_order(
    session: Session,
    account_first: bool,  # noqa: FBT001  a case of the table
) -> None:
    person, now = uuid7(), clock.now()
    hear = [
        lambda: _hear_update(session, person, sequence=1, phone="+4930111111", phone_changed_at=now),
        lambda: _hear_patient(session, person, phone_changed_at=now + timedelta(minutes=1)),
    ]
    for one in hear if account_first else hear[::-1]:
        one()
    assert session.get_one(Contact, person, populate_existing=True).phone == "+4930222222"


def test_number_that_is_taken_away_is_gone(session: Session) -> None:
    person, now = uuid7(), clock.now()
    _hear_patient(session, person, phone_changed_at=now)
    known = _hear_update(session, person, sequence=1, phone=None, phone_changed_at=now + timedelta(minutes=1))
    assert known.phone is None
