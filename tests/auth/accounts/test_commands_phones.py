"""The phone number of a person changes in the account or in the record: the newest change wins."""

from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import InvitePatient
from contracts.auth.accounts.commands import UpdateMe
from contracts.auth.events import UserUpdated
from services.auth.accounts import commands as accounts
from services.auth.accounts import invitations
from services.auth.directory import patients
from services.auth.models.accounts import Account
from services.auth.models.patients import DeskPatient
from tests.auth.admins import SOMEBODY, erase
from tests.auth.factories import Clock, acting, hear_of_patient, new_account, new_email, said

HERS, OTHER = "+4930111111", "+4930222222"
A_MINUTE = timedelta(minutes=1)


def phone_of(session: Session, account: Account) -> str | None:
    """The stored number of an account."""
    session.flush()
    return session.get_one(Account, account.id, populate_existing=True).phone


def set_phone(session: Session, account: Account, phone: str | None) -> dict[str, Any]:
    """Change the number as its owner. Returns the published event."""
    session.published.clear()
    accounts.update_me(session, acting(account), UpdateMe(phone=phone))
    return said(session, UserUpdated)[0]


def test_changed_number_is_published_with_its_time(session: Session, clock: Clock) -> None:
    told = set_phone(session, new_account(session), HERS)
    assert (told["phone"], told["phone_changed_at"]) == (HERS, clock.at)


def test_number_of_the_record_is_adopted_without_an_event(session: Session) -> None:
    account = new_account(session)
    seen = account.revision
    hear_of_patient(session, account.id, phone=HERS, phone_changed_at=clock.now())
    assert (phone_of(session, account), account.revision) == (HERS, seen + 1)
    assert session.published == []


def test_number_removed_in_the_record_is_removed_from_the_account(session: Session) -> None:
    account = new_account(session)
    set_phone(session, account, HERS)
    hear_of_patient(session, account.id, phone=None, phone_changed_at=clock.now() + A_MINUTE)
    assert phone_of(session, account) is None


@pytest.mark.parametrize("earlier", [A_MINUTE, timedelta(0)], ids=["older", "of the same moment"])
def test_number_of_the_record_is_ignored_unless_newer(session: Session, earlier: timedelta) -> None:
    account = new_account(session)
    at = set_phone(session, account, HERS)["phone_changed_at"]
    hear_of_patient(session, account.id, phone=OTHER, phone_changed_at=at - earlier)
    assert phone_of(session, account) == HERS


def test_newest_number_of_the_record_wins_in_any_order(session: Session) -> None:
    account, now = new_account(session), clock.now()
    hear_of_patient(session, account.id, phone=HERS, phone_changed_at=now + A_MINUTE, sequence=2)
    hear_of_patient(session, account.id, phone=OTHER, phone_changed_at=now, sequence=1)
    assert phone_of(session, account) == HERS


def test_later_change_wins_although_the_clock_is_behind(session: Session) -> None:
    account, ahead = new_account(session), clock.now() + A_MINUTE
    hear_of_patient(session, account.id, phone=HERS, phone_changed_at=ahead)
    assert set_phone(session, account, OTHER)["phone_changed_at"] > ahead


def test_event_of_an_older_publisher_changes_no_number(session: Session) -> None:
    account = new_account(session)
    hear_of_patient(session, account.id, phone=OTHER)
    assert phone_of(session, account) is None


def test_erased_account_gets_no_number(session: Session) -> None:
    account = new_account(session)
    erase(session, account)
    hear_of_patient(session, account.id, phone=HERS, phone_changed_at=clock.now() + A_MINUTE)
    assert (phone_of(session, account), account.phone_changed_at) == (None, None)


def test_invited_patient_has_the_latest_correction_of_the_desk(session: Session) -> None:
    patient_id, at = uuid7(), clock.now()
    hear_of_patient(session, patient_id, sequence=2, name="Asha Weiss", phone=HERS, phone_changed_at=at)
    hear_of_patient(session, patient_id, sequence=1, phone=OTHER)
    invitations.invite(session, SOMEBODY, InvitePatient(patient_id=patient_id, email=new_email()))
    account = session.get_one(Account, patient_id)
    assert (account.name, account.phone, account.phone_changed_at) == ("Asha Weiss", HERS, at)
    assert session.get(DeskPatient, patient_id) is None


def test_accounts_of_non_patients_are_published_once_a_week(session: Session, clock: Clock) -> None:
    nurse, patient = new_account(session, roles=["nurse"]), new_account(session)
    clock.advance(days=3650)  # Other tests have had their own weeks.
    for _ in range(2):
        patients.publish_non_patients(session, SOMEBODY)
    told = {one["user_id"]: one["is_patient"] for one in said(session, UserUpdated)}
    assert told[nurse.id] is False
    assert patient.id not in told
    assert len([one for one in said(session, UserUpdated) if one["user_id"] == nurse.id]) == 1
    clock.advance(days=7)
    patients.publish_non_patients(session, SOMEBODY)
    assert len([one for one in said(session, UserUpdated) if one["user_id"] == nurse.id]) == 2
