"""Mailed links: issue, request, use, expiry, removal of secrets."""

from typing import Any

import pytest
from sqlalchemy import select

from chassis.errors import Invalid
from chassis.execution.run import add_events
from chassis.identity import NOBODY, SYSTEM
from chassis.persistence import tables
from chassis.persistence.database import Session
from contracts.auth.accounts.commands import ForgotPassword
from contracts.auth.events import MailAsked, MailTokenIssued
from services.auth import mail_tokens, rules
from services.auth.models.accounts import Account
from tests.auth.factories import Clock, asked, invited, new_account, new_email, registered, said, token_of
from tests.auth.stored import sent
from tests.events import example_of


def is_refused(session: Session, token: str, *purposes: str) -> bool:
    """Whether the token is invalid for all of these purposes."""
    try:
        mail_tokens.redeem(session, token, *purposes)
    except Invalid as refusal:
        return refusal.code == "token_not_valid"
    return False


def issued(session: Session, account: Account, purpose: str, **fields: Any) -> str:
    """The secret of a new link."""
    mail_tokens.issue(session, account, purpose, **fields)
    session.flush()
    return token_of(session)


@pytest.mark.parametrize(("purpose", "hours"), [("verify", 24), ("reset", 1), ("invite", 7 * 24)])
def test_link_expires_after_the_lifetime_of_its_purpose(
    session: Session, clock: Clock, purpose: str, hours: int
) -> None:
    account = new_account(session)
    token = issued(session, account, purpose)
    clock.advance(hours=hours, seconds=-1)
    assert mail_tokens.owner_of(session, token, purpose) == account
    clock.advance(seconds=1)
    assert is_refused(session, token, purpose)


def test_link_belongs_to_the_address_that_got_the_mail(session: Session) -> None:
    token = issued(session, new_account(session), "verify", email="new@example.org")
    assert said(session, MailTokenIssued)[-1]["email"] == "new@example.org"
    assert mail_tokens.redeem(session, token, "verify").email == "new@example.org"


def test_link_works_once(session: Session) -> None:
    token = issued(session, new_account(session), "reset")
    assert mail_tokens.redeem(session, token, "reset").used_at is not None
    assert is_refused(session, token, "reset")


def test_link_is_refused_for_another_purpose(session: Session) -> None:
    token = issued(session, new_account(session), "verify")
    assert is_refused(session, token, "reset", "invite")


def test_new_link_expires_only_earlier_links_of_its_purpose(session: Session) -> None:
    account = new_account(session)
    first, other = issued(session, account, "reset"), issued(session, account, "verify")
    second = issued(session, account, "reset")
    assert is_refused(session, first, "reset")
    assert [mail_tokens.redeem(session, token, "reset", "verify").purpose for token in (second, other)] == [
        "reset",
        "verify",
    ]


def test_sixth_mail_within_an_hour_is_not_sent_and_fifth_link_works(session: Session) -> None:
    account = new_account(session)
    fifth = [asked(session, account.email) for _ in range(5)][-1]
    assert asked(session, account.email) == fifth
    assert mail_tokens.redeem(session, fifth, "reset").user_id == account.id


def test_mail_is_sent_again_after_an_hour(session: Session, clock: Clock) -> None:
    account = new_account(session)
    fifth = [asked(session, account.email) for _ in range(5)][-1]
    clock.advance(hours=1)
    assert asked(session, account.email) != fifth


def test_link_to_the_current_address_survives_the_end_of_all_links(session: Session) -> None:
    account = registered(session, new_email())
    shows, resets = token_of(session), issued(session, account, "reset")
    mail_tokens.end_all(session, account)
    assert is_refused(session, resets, "reset")
    assert mail_tokens.redeem(session, shows, "verify").user_id == account.id


def test_link_to_a_new_address_expires_with_all_links(session: Session) -> None:
    account = new_account(session)
    moves = issued(session, account, "verify", email=new_email())
    mail_tokens.end_all(session, account)
    assert is_refused(session, moves, "verify")


def test_request_for_a_mail_is_the_same_for_every_address(session: Session) -> None:
    known, unknown = new_account(session).email, new_email()
    replies = [mail_tokens.request_reset(session, NOBODY, ForgotPassword(email=email)) for email in (known, unknown)]
    assert [reply.status for reply in replies] == ["mail_sent_if_known"] * 2
    heard = [{"digest": rules.digest(email), "email": email, "purpose": "reset"} for email in (known, unknown)]
    assert said(session, MailAsked) == heard


def test_reset_link_is_mailed_on_request(session: Session) -> None:
    account = new_account(session)
    asked(session, account.email.upper())
    (mail,) = said(session, MailTokenIssued)
    assert (mail["user_id"], mail["email"], mail["purpose"]) == (account.id, account.email, "reset")


def test_reset_link_is_mailed_to_an_unverified_address(session: Session) -> None:
    account = registered(session, new_email())
    asked(session, account.email)
    assert said(session, MailTokenIssued)[-1]["purpose"] == "reset"


def test_verification_is_mailed_again_on_request(session: Session) -> None:
    account = registered(session, new_email())
    first = token_of(session)
    assert asked(session, account.email, "verify") != first
    assert said(session, MailTokenIssued)[-1]["purpose"] == "verify"


def test_invited_person_gets_an_invitation_instead_of_a_verification(session: Session) -> None:
    account = invited(session, new_email())
    asked(session, account.email, "verify")
    assert [mail["purpose"] for mail in said(session, MailTokenIssued)] == ["invite", "invite"]


@pytest.mark.parametrize(
    ("status", "purpose"), [("active", "verify"), ("deactivated", "reset"), ("deactivated", "verify")]
)
def test_mail_is_not_sent_when_its_purpose_makes_no_sense(session: Session, status: str, purpose: str) -> None:
    account = new_account(session)
    account.status = status
    mail_tokens.send_requested(session, SYSTEM, example_of(MailAsked, email=account.email, purpose=purpose))
    assert said(session, MailTokenIssued) == []


def test_mail_is_not_sent_to_an_address_without_account(session: Session) -> None:
    mail_tokens.send_requested(session, SYSTEM, example_of(MailAsked, email=new_email(), purpose="reset"))
    assert said(session, MailTokenIssued) == []


def kept(session: Session, *emails: str) -> bool:
    """Whether the outbox contains a token or any of these addresses."""
    text = str(session.execute(select(tables.outbox)).all())
    return "'token'" in text or any(email in text for email in emails)


def test_event_with_a_secret_is_emptied_once_sent(session: Session) -> None:
    account, nobodys = new_account(session), new_email()
    mail_tokens.request_reset(session, NOBODY, ForgotPassword(email=nobodys))
    mail_tokens.issue(session, account, "reset")
    sent(session)
    assert kept(session, account.email, nobodys)
    mail_tokens.empty_sent_events(session, SYSTEM)
    assert not kept(session, account.email, nobodys)


def test_event_with_a_secret_is_kept_until_sent(session: Session) -> None:
    mail_tokens.issue(session, new_account(session), "reset")
    add_events(session)
    mail_tokens.empty_sent_events(session, SYSTEM)
    assert kept(session)
