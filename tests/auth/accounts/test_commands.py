"""Accounts: opened, verified, read."""

import pytest
from sqlalchemy import select

from chassis.errors import Conflict, Invalid, Unauthenticated
from chassis.identity import NOBODY, SYSTEM
from chassis.persistence.database import Session
from contracts.auth.accounts.commands import GetMe, RegisterPatient, VerifyEmail
from contracts.auth.events import (
    DoctorApproved,
    MailTokenIssued,
    RoleGranted,
    StaffApproved,
    UserRegistered,
    UserVerified,
)
from contracts.roles import Role
from services.auth.accounts import commands as accounts
from services.auth.models.logins import OneTimeToken
from tests.auth.factories import PASSWORD, Clock, acting, asked, new_account, new_email, password_hash, registered, said


def test_registering_makes_a_patient_whose_address_is_to_be_verified(session: Session) -> None:
    email = new_email()
    account = registered(session, email)
    assert (account.email, account.status) == (email, "pending_verification")
    assert said(session, UserRegistered) == [
        {"user_id": account.id, "email": email, "name": "Asha Rao", "is_patient": True}
    ]
    assert said(session, RoleGranted) == [{"user_id": account.id, "role": "patient"}]


def test_registering_sends_a_token_of_which_only_the_digest_is_kept(session: Session, clock: Clock) -> None:
    account = registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    kept = session.scalars(select(OneTimeToken).where(OneTimeToken.user_id == account.id)).one()
    assert (mail["purpose"], (mail["expires_at"] - clock.now()).total_seconds()) == ("verify", 24 * 3600)
    assert kept.digest != mail["token"]


def test_an_address_is_taken_in_whatever_case(session: Session) -> None:
    account = new_account(session)
    with pytest.raises(Conflict) as refusal:
        accounts.prepare(session, NOBODY, RegisterPatient(email=account.email.upper(), password=PASSWORD, name="Asha"))
    assert refusal.value.code == "email_taken"


def test_the_database_refuses_an_address_that_was_taken_meanwhile(session: Session) -> None:
    email = new_email()
    command = RegisterPatient(email=email, password=PASSWORD, name="Asha")
    plan = accounts.prepare(session, NOBODY, command)
    new_account(session, email=email.upper())
    with pytest.raises(Conflict) as refusal:
        accounts.register(session, NOBODY, plan, password_hash(), command)
    assert refusal.value.code == "email_taken"


def test_the_mailed_token_verifies_the_address(session: Session) -> None:
    account = registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    assert accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"])).status == "active"
    assert said(session, UserVerified) == [{"user_id": account.id}]


def test_a_mailed_token_works_once(session: Session) -> None:
    registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))
    with pytest.raises(Conflict) as refusal:
        accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))
    assert (refusal.value.code, refusal.value.facts) == ("not_pending_verification", {"state": "active"})
    assert len(said(session, UserVerified)) == 1


def test_a_replaced_token_says_that_the_address_is_verified_when_it_is(session: Session) -> None:
    account = registered(session, new_email())
    (first,) = said(session, MailTokenIssued)
    second = asked(session, account.email, "verify")
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=first["token"]))
    accounts.verify(session, NOBODY, VerifyEmail(token=second))
    with pytest.raises(Conflict):
        accounts.verify(session, NOBODY, VerifyEmail(token=first["token"]))


def test_a_used_token_of_another_address_says_nothing(session: Session) -> None:
    account = registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))
    accounts.set_address(session, account, new_email())
    with pytest.raises(Invalid) as refusal:
        accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))
    assert refusal.value.code == "token_not_valid"


def test_a_mailed_token_ends_after_a_day(session: Session, clock: Clock) -> None:
    registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    clock.advance(hours=24)
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))


def test_a_token_for_something_else_verifies_nothing(session: Session) -> None:
    account = registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    session.scalars(select(OneTimeToken).where(OneTimeToken.user_id == account.id)).one().purpose = "reset"
    session.flush()
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))


def test_an_unknown_token_verifies_nothing(session: Session) -> None:
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token="unknown"))


def test_the_first_admin_needs_no_verification(session: Session) -> None:
    admin = accounts.create_admin(session, SYSTEM, email=new_email(), password_hash=password_hash(), name="Ada")
    assert admin.status == "active"
    assert said(session, RoleGranted) == [{"user_id": admin.id, "role": "admin"}]
    assert said(session, UserRegistered)[0]["user_id"] == admin.id


def test_a_ready_doctor_is_announced_like_an_approved_one(session: Session) -> None:
    doctor = accounts.create_ready(
        session,
        SYSTEM,
        email=new_email(),
        password_hash=password_hash(),
        name="Dr Lena Weiss",
        roles={Role.DOCTOR},
        specialization="cardiology",
    )
    known = {"doctor_id": doctor.id, "name": "Dr Lena Weiss", "specialization": "cardiology"}
    assert said(session, DoctorApproved) == [known]
    assert said(session, UserVerified) == [{"user_id": doctor.id}]


def test_a_ready_nurse_is_announced_as_staff(session: Session) -> None:
    nurse = accounts.create_ready(
        session, SYSTEM, email=new_email(), password_hash=password_hash(), name="Noor", roles={Role.NURSE}
    )
    assert said(session, StaffApproved) == [{"user_id": nurse.id, "role": "nurse"}]


def test_one_sees_oneself(session: Session) -> None:
    account = new_account(session, roles=[Role.PATIENT, Role.NURSE])
    seen = accounts.get_own(session, acting(account), GetMe())
    expected = {"id": account.id, "email": account.email, "name": "Asha Rao", "roles": ["nurse", "patient"]}
    assert seen | expected | {"status": "active", "mfa_enabled": False, "revision": 1} == seen


def test_nobody_is_seen_without_an_account(session: Session) -> None:
    with pytest.raises(Unauthenticated):
        accounts.get_own(session, NOBODY, GetMe())
