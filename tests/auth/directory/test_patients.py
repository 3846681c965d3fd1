"""Events state whether an account has or had the role patient."""

import pytest

from chassis.persistence.database import Session
from contracts.auth.accounts.commands import UpdateMe
from contracts.auth.events import UserRegistered, UserUpdated
from services.auth.accounts import commands as accounts
from tests.auth.admins import SOMEBODY, assign, new_doctor
from tests.auth.factories import acting, new_account, new_email, said


@pytest.mark.parametrize(
    ("roles", "is_patient"), [(["admin"], False), (["nurse"], False), (["nurse", "patient"], True)]
)
def test_new_account_event_states_whether_it_is_a_patients(
    session: Session, roles: list[str], *, is_patient: bool
) -> None:
    accounts.create_ready(session, SOMEBODY, email=new_email(), password_hash="", name="Nora Nurse", roles=roles)
    assert [told["is_patient"] for told in said(session, UserRegistered)] == [is_patient]


def test_account_that_becomes_a_patients_is_published(session: Session) -> None:
    account = new_doctor(session, name="Dr Lena Weiss")
    assign(session, account, "doctor", "patient")
    [told] = said(session, UserUpdated)
    assert (told["user_id"], told["name"], told["is_patient"]) == (account.id, "Dr Lena Weiss", True)


def test_other_roles_publish_no_update(session: Session) -> None:
    assign(session, new_account(session), "nurse", "patient")
    assert said(session, UserUpdated) == []


def test_account_that_was_a_patients_stays_a_patients(session: Session) -> None:
    account = new_account(session, roles=["patient", "nurse"])
    assign(session, account, "nurse")
    accounts.update_me(session, acting(account), UpdateMe(name="Asha Weiss"))
    assert [told["is_patient"] for told in said(session, UserUpdated)] == [True]
