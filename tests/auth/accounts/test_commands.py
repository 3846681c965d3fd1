"""Accounts: registration, verification, own view."""

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


def test_registration_creates_a_patient_with_an_unverified_address(session: Session) -> None:
    email = new_email()
    account = registered(session, email)
    assert (account.email, account.status) == (email, "pending_verification")
    assert said(session, UserRegistered) == [
        {"user_id": account.id, "email": email, "name": "Asha Rao", "is_patient": True}
    ]
    assert said(session, RoleGranted) == [{"user_id": account.id, "role": "patient"}]


def test_registration_mails_a_token_and_stores_its_digest(session: Session, clock: Clock) -> None:
    account = registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    kept = session.scalars(select(OneTimeToken).where(OneTimeToken.user_id == account.id)).one()
    assert (mail["purpose"], (mail["expires_at"] - clock.now()).total_seconds()) == ("verify", 24 * 3600)
    assert kept.digest != mail["token"]


def test_address_is_taken_in_any_case(session: Session) -> None:
    account = new_account(session)
    with pytest.raises(Conflict) as refusal:
        accounts.prepare(session, NOBODY, RegisterPatient(email=account.email.upper(), password=PASSWORD, name="Asha"))
    assert refusal.value.code == "email_taken"


def test_registration_is_refused_when_the_address_was_just_taken(session: Session) -> None:
    email = new_email()
    command = RegisterPatient(email=email, password=PASSWORD, name="Asha")
    plan = accounts.prepare(session, NOBODY, command)
    new_account(session, email=email.upper())
    with pytest.raises(Conflict) as refusal:
        accounts.register(session, NOBODY, plan, password_hash(), command)
    assert refusal.value.code == "email_taken"


def test_mailed_token_verifies_the_address(session: Session) -> None:
    account = registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    assert accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"])).status == "active"
    assert said(session, UserVerified) == [{"user_id": account.id}]


def test_mailed_token_works_once(session: Session) -> None:
    registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))
    with pytest.raises(Conflict) as refusal:
        accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))
    assert (refusal.value.code, refusal.value.facts) == ("not_pending_verification", {"state": "active"})
    assert len(said(session, UserVerified)) == 1


def test_replaced_token_reports_a_verified_address(session: Session) -> None:
    account = registered(session, new_email())
    (first,) = said(session, MailTokenIssued)
    second = asked(session, account.email, "verify")
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=first["token"]))
    accounts.verify(session, NOBODY, VerifyEmail(token=second))
    with pytest.raises(Conflict):
        accounts.verify(session, NOBODY, VerifyEmail(token=first["token"]))


def test_used_token_of_another_address_reports_nothing(session: Session) -> None:
    account = registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))
    accounts.set_address(session, account, new_email())
    with pytest.raises(Invalid) as refusal:
        accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))
    assert refusal.value.code == "token_not_valid"


def test_mailed_token_expires_after_a_day(session: Session, clock: Clock) -> None:
    registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    clock.advance(hours=24)
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))


def test_token_of_another_purpose_verifies_nothing(session: Session) -> None:
    account = registered(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    session.scalars(select(OneTimeToken).where(OneTimeToken.user_id == account.id)).one().purpose = "reset"
    session.flush()
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=mail["token"]))


def test_unknown_token_verifies_nothing(session: Session) -> None:
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token="unknown"))


def test_first_admin_needs_no_verification(session: Session) -> None:
    admin = accounts.create_admin(session, SYSTEM, email=new_email(), password_hash=password_hash(), name="Ada")
    assert admin.status == "active"
    assert said(session, RoleGranted) == [{"user_id": admin.id, "role": "admin"}]
    assert said(session, UserRegistered)[0]["user_id"] == admin.id


def test_created_doctor_is_published_like_an_approved_doctor(session: Session) -> None:
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


def test_created_nurse_is_published_as_staff(session: Session) -> None:
    nurse = accounts.create_ready(
        session, SYSTEM, email=new_email(), password_hash=password_hash(), name="Noor", roles={Role.NURSE}
    )
    assert said(session, StaffApproved) == [{"user_id": nurse.id, "role": "nurse"}]


def test_own_account_is_shown(session: Session) -> None:
    account = new_account(session, roles=[Role.PATIENT, Role.NURSE])
    seen = accounts.get_own(session, acting(account), GetMe()).given()
    expected = {"id": account.id, "email": account.email, "name": "Asha Rao", "roles": ["nurse", "patient"]}
    assert seen | expected | {"status": "active", "mfa_enabled": False, "revision": 1} == seen


def test_own_account_is_refused_when_it_does_not_exist(session: Session) -> None:
    with pytest.raises(Unauthenticated):
        accounts.get_own(session, NOBODY, GetMe()).given()
