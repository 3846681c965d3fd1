"""Changes of addresses."""

import pytest

from chassis.errors import Conflict, Invalid
from chassis.identity import NOBODY
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import UpdateUser
from contracts.auth.accounts.commands import VerifyEmail
from contracts.auth.events import CredentialsChanged, MailTokenIssued, UserUpdated
from services.auth import mail_tokens
from services.auth.accounts import administration
from services.auth.accounts import commands as accounts
from tests.auth.admins import SOMEBODY
from tests.auth.credentials import gets_in, move, reset
from tests.auth.factories import PASSWORD, Clock, asked, code_of, new_account, new_email, registered, said, token_of


def test_new_address_takes_effect_when_its_link_is_used(session: Session) -> None:
    account, email = new_account(session), new_email()
    old = account.email
    assert move(session, account, email).status == "mail_sent"
    assert (account.email, said(session, MailTokenIssued)[-1]["email"]) == (old, email)
    accounts.verify(session, NOBODY, VerifyEmail(token=token_of(session)))
    assert (account.email, account.revision) == (email, 2)
    assert gets_in(session, email.upper(), PASSWORD)


def test_new_address_is_mailed_to_the_old_and_published(session: Session) -> None:
    account, email = new_account(session), new_email()
    old = account.email
    move(session, account, email)
    accounts.verify(session, NOBODY, VerifyEmail(token=token_of(session)))
    (told,), (copied,) = said(session, CredentialsChanged), said(session, UserUpdated)
    assert (told["email"], told["what"], copied["email"]) == (old, "email", email)


@pytest.mark.parametrize("purpose", ["verify", "reset"])
def test_deactivation_expires_mailed_links(session: Session, purpose: str) -> None:
    account = new_account(session)
    if purpose == "verify":
        move(session, account, new_email())
    token = token_of(session) if purpose == "verify" else asked(session, account.email)
    for status in ("deactivated", "active"):
        administration.update(session, SOMEBODY, UpdateUser(user_id=account.id, status=status))
    with pytest.raises(Invalid):
        mail_tokens.redeem(session, token, purpose)


def test_link_to_the_old_address_sets_no_password(session: Session) -> None:
    account = new_account(session)
    resets = asked(session, account.email)
    move(session, account, new_email())
    accounts.verify(session, NOBODY, VerifyEmail(token=token_of(session)))
    with pytest.raises(Invalid):
        reset(session, resets)


def test_new_address_is_refused_with_a_wrong_password(session: Session) -> None:
    account = new_account(session)
    assert code_of(move(session, account, new_email(), password="wrong")) == "password_wrong"
    assert said(session, MailTokenIssued) == []


def test_new_address_is_refused_when_it_is_taken(session: Session) -> None:
    account, other = new_account(session), new_account(session)
    assert code_of(move(session, account, other.email.upper())) == "email_taken"
    assert said(session, MailTokenIssued) == []


@pytest.mark.parametrize("why", ["email_taken", "mails_used_up"])
def test_pending_address_is_cancelled_even_when_the_next_is_refused(session: Session, why: str) -> None:
    account, other = new_account(session), new_account(session)
    for _ in range(5 if why == "mails_used_up" else 1):
        move(session, account, new_email())
    mistyped = token_of(session)
    assert code_of(move(session, account, new_email() if why == "mails_used_up" else other.email)) == why
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=mistyped))


def test_sixth_new_address_within_an_hour_is_refused(session: Session, clock: Clock) -> None:
    account = new_account(session)
    for _ in range(5):
        move(session, account, new_email())
        clock.advance(minutes=10)
    refused = move(session, account, new_email())
    assert (refused.error.code, refused.error.facts) == ("mails_used_up", {"retry_after": 600})
    clock.advance(minutes=10)
    assert move(session, account, new_email()).status == "mail_sent"


def test_new_address_is_refused_when_it_was_just_taken(session: Session) -> None:
    account, email = new_account(session), new_email()
    move(session, account, email)
    token = token_of(session)
    new_account(session, email=email)
    with pytest.raises(Conflict) as refusal:
        accounts.verify(session, NOBODY, VerifyEmail(token=token))
    assert refusal.value.code == "email_taken"


def test_another_spelling_of_the_own_address_is_accepted(session: Session) -> None:
    account = new_account(session)
    written = account.email.upper()
    move(session, account, written)
    accounts.verify(session, NOBODY, VerifyEmail(token=token_of(session)))
    assert account.email == written


def test_new_address_is_refused_for_a_deactivated_account(session: Session) -> None:
    account = new_account(session)
    move(session, account, new_email())
    account.status = "deactivated"
    with pytest.raises(Invalid):
        accounts.verify(session, NOBODY, VerifyEmail(token=token_of(session)))


def test_new_address_verifies_an_unverified_account(session: Session) -> None:
    account, email = registered(session, new_email()), new_email()
    first = token_of(session)
    move(session, account, email)
    accounts.verify(session, NOBODY, VerifyEmail(token=token_of(session)))
    assert (account.status, account.email) == ("active", email)
    with pytest.raises(Invalid):
        mail_tokens.redeem(session, first, "verify")
