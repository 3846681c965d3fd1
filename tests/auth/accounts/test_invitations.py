"""Invitations of patients without an account."""

import eventlet
import pytest
from sqlalchemy import func, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.call import Call
from chassis.errors import Conflict, Invalid, NotFound
from chassis.persistence.database import Database, Session
from contracts.auth.events import MailTokenIssued, RoleGranted, UserRegistered, UserUpdated
from contracts.roles import Role
from services.auth import mail_tokens
from services.auth.models.accounts import Account
from services.auth.models.logins import OneTimeToken
from services.auth.models.patients import DeskPatient
from services.auth.service import AuthService
from tests.auth.calls import as_, at_once, outcome
from tests.auth.desk import invite, remembered
from tests.auth.factories import (
    PASSWORD,
    Host,
    invited,
    log_in,
    new_account,
    new_email,
    registered,
    said,
    together,
    token_of,
)


def test_invitation_creates_an_account_with_the_same_id(session: Session) -> None:
    patient_id, email = remembered(session), new_email()
    assert invite(session, patient_id, email).status == "invited"
    account = session.get_one(Account, patient_id)
    assert (account.name, account.phone, account.status) == ("Asha Rao", "+4930901820", "pending_verification")
    assert said(session, UserRegistered) == [
        {"user_id": patient_id, "email": email, "name": "Asha Rao", "is_patient": True}
    ]
    assert said(session, RoleGranted) == [{"user_id": patient_id, "role": "patient"}]


def test_invitation_is_mailed(session: Session) -> None:
    account = invited(session, new_email())
    (mail,) = said(session, MailTokenIssued)
    assert (mail["user_id"], mail["email"], mail["purpose"]) == (account.id, account.email, "invite")


@pytest.mark.parametrize("password", [PASSWORD, "nobody's password", ""])
def test_login_is_refused_before_the_invitation_is_accepted(session: Session, password: str) -> None:
    account = invited(session, new_email())
    assert log_in(session, account.email, password).error.code == "login_failed"


def test_invitation_of_an_unknown_patient_is_refused(session: Session) -> None:
    with pytest.raises(NotFound):
        invite(session, uuid7(), new_email())


def test_invitation_deletes_the_copy_of_the_patient(session: Session) -> None:
    account = invited(session, new_email())
    remembered(session, account.id)
    assert session.get(DeskPatient, account.id) is None


def test_repeated_event_about_a_patient_is_copied_once(session: Session) -> None:
    patient_id = remembered(session, remembered(session))
    assert session.get_one(DeskPatient, patient_id).name == "Asha Rao"


def test_second_invitation_sends_a_new_mail(session: Session) -> None:
    account = invited(session, new_email())
    first = token_of(session)
    invite(session, account.id, account.email)
    assert token_of(session) != first
    with pytest.raises(Invalid):
        mail_tokens.redeem(session, first, "invite")


def test_second_invitation_corrects_the_address(session: Session) -> None:
    account, email = invited(session, new_email()), new_email()
    first = token_of(session)
    invite(session, account.id, email)
    assert (account.email, said(session, UserUpdated)[0]["email"]) == (email, email)
    assert said(session, MailTokenIssued)[-1]["email"] == email
    with pytest.raises(Invalid):
        mail_tokens.redeem(session, first, "invite")


def test_sixth_invitation_is_refused_and_the_last_link_works(database: Database) -> None:
    with database.begin() as session:
        account, desk = invited(session, new_email()), new_account(session, roles=[Role.RECEPTIONIST])
        for _ in range(4):
            invite(session, account.id, account.email)
        last = token_of(session)
    host, another = as_(database, desk), new_email()
    again = outcome(lambda: AuthService.invite_patient(host, patient_id=account.id, email=another))
    with database.begin() as session:
        assert (again, session.get_one(Account, account.id).email) == ("mails_used_up", account.email)
        assert mail_tokens.redeem(session, last, "invite").user_id == account.id


def test_fifth_invitation_with_the_same_key_gets_the_same_reply(database: Database) -> None:
    with database.begin() as session:
        account, desk = invited(session, new_email()), new_account(session, roles=[Role.RECEPTIONIST])
        for _ in range(3):
            invite(session, account.id, account.email)
    call, fields = as_(database, desk).call, {"patient_id": account.id, "email": account.email}
    told = [AuthService.invite_patient(Host(database, call=call), **fields) for _ in range(2)]
    assert told == [{"status": "invited"}] * 2


def test_invitation_waits_for_a_patient_who_was_just_registered(database: Database) -> None:
    with database.begin() as session:
        desk = new_account(session, roles=[Role.RECEPTIONIST])
    patient_id, host = uuid7(), as_(database, desk)
    invitation = lambda: AuthService.invite_patient(host, patient_id=patient_id, email=new_email())  # noqa: E731

    def hear() -> None:
        eventlet.sleep(0)
        with database.begin() as session:
            remembered(session, patient_id)

    assert together(invitation, hear) == ["done", "done"]


def test_invitation_is_refused_when_the_address_is_taken(session: Session) -> None:
    taken = new_account(session).email
    with pytest.raises(Conflict) as refusal:
        invite(session, remembered(session), taken)
    assert refusal.value.code == "email_taken"


def test_correction_is_refused_when_the_address_is_taken(session: Session) -> None:
    taken, account = new_account(session).email, invited(session, new_email())
    with pytest.raises(Conflict) as refusal:
        invite(session, account.id, taken)
    assert refusal.value.code == "email_taken"


def test_invitation_is_refused_for_a_patient_with_an_account(session: Session) -> None:
    for account in (new_account(session), registered(session, new_email())):
        with pytest.raises(Conflict) as refusal:
            invite(session, account.id, account.email)
        assert refusal.value.code == "has_account"


def test_invitation_of_an_erased_patient_is_refused(session: Session) -> None:
    account = invited(session, new_email())
    account.erase()
    with pytest.raises(NotFound):
        invite(session, account.id, new_email())


def test_concurrent_invitations_create_a_single_account(database: Database) -> None:
    with database.begin() as session:
        patient_id, desk = remembered(session), new_account(session, roles=[Role.RECEPTIONIST])
    email, host = new_email(), as_(database, desk)
    ask = lambda: AuthService.invite_patient(  # noqa: E731
        Host(database, call=Call(token=host.call.token, key=new_email())), patient_id=patient_id, email=email
    )
    assert at_once(4, ask) == {"done": 4}
    with database.read() as session:
        assert session.get_one(Account, patient_id).email == email
        counts = select(func.count()).where(OneTimeToken.user_id == patient_id, OneTimeToken.expires_at > clock.now())
        assert session.scalar(counts) == 1
