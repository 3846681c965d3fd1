"""Changes of the own profile."""

from typing import Any

import pytest

from chassis.errors import Stale, Unauthenticated
from chassis.persistence.database import Session
from contracts.auth.accounts.commands import AccountView, UpdateMe
from contracts.auth.events import DoctorApproved, UserUpdated
from contracts.roles import Role
from services.auth.accounts import commands as accounts
from services.auth.models.accounts import Account
from tests.auth.factories import acting, new_account, said
from tests.calls import called

PROFILE = {"phone": "+4930901820", "locale": "de-AT", "language": "de", "timezone": "Europe/Vienna"}


def updated(session: Session, account: Account, **changes: Any) -> AccountView:
    """Change the own profile."""
    return accounts.update_me(session, acting(account), UpdateMe(**changes))


def doctor(session: Session) -> Account:
    """A cardiologist."""
    return new_account(session, roles=[Role.DOCTOR], specialization="cardiology")


def test_given_fields_of_the_profile_change(session: Session) -> None:
    seen = updated(session, new_account(session), name="Asha Rao-Weiss", **PROFILE).given()
    assert seen | PROFILE | {"name": "Asha Rao-Weiss", "revision": 2} == seen


def test_omitted_fields_stay_and_null_removes_values(session: Session) -> None:
    account = new_account(session)
    updated(session, account, **PROFILE)
    seen = updated(session, account, phone=None)
    assert (seen.phone, seen.timezone, seen.revision) == (None, "Europe/Vienna", 3)


def test_equal_values_change_no_revision(session: Session) -> None:
    account = new_account(session)
    assert updated(session, account, name=account.name).revision == 1
    assert said(session, UserUpdated) == []


@pytest.mark.parametrize(("tag", "revision"), [('"1"', 2), ("", 2), ("*", 2)])
def test_profile_changes_when_the_revision_matches(session: Session, tag: str, revision: int) -> None:
    account = new_account(session)
    with called(session, if_match=tag):
        assert accounts.update_me(session, acting(account), UpdateMe(name="New")).revision == revision


def test_profile_is_refused_when_the_revision_is_stale(session: Session) -> None:
    account = new_account(session)
    updated(session, account, name="New")
    with called(session, if_match='"1"'), pytest.raises(Stale):
        accounts.update_me(session, acting(account), UpdateMe(name="Newer"))


@pytest.mark.parametrize("fact", ["phone", "language", "timezone"])
def test_changed_profile_is_published(session: Session, fact: str) -> None:
    account = new_account(session)
    updated(session, account, **{fact: PROFILE[fact]})
    known = {"user_id": account.id, "email": account.email, "name": account.name}
    others: dict[str, object] = {"phone": None, "language": None, "timezone": None}
    [told] = said(session, UserUpdated)
    since = account.phone_changed_at if fact == "phone" else None
    assert told == {**known, **others, fact: PROFILE[fact], "phone_changed_at": since, "is_patient": True}


def test_changed_locale_is_not_published(session: Session) -> None:
    assert updated(session, new_account(session), locale="de-AT").revision == 2
    assert said(session, UserUpdated) == []


def test_new_name_of_a_doctor_is_published(session: Session) -> None:
    account = doctor(session)
    updated(session, account, name="Dr Lena Frey")
    known = {"doctor_id": account.id, "name": "Dr Lena Frey", "specialization": "cardiology"}
    assert said(session, DoctorApproved) == [known]


def test_other_changes_of_a_doctor_are_not_published_as_doctor(session: Session) -> None:
    updated(session, doctor(session), phone=PROFILE["phone"])
    updated(session, new_account(session), name="Not a doctor")
    assert said(session, DoctorApproved) == []


def test_erased_account_is_not_updated(session: Session) -> None:
    account = new_account(session)
    account.erase()
    with pytest.raises(Unauthenticated):
        updated(session, account, name="Asha Rao")
