"""Signing in, staying signed in, signing out."""

from typing import Any

import pytest

from chassis import config
from chassis.database import Session
from chassis.errors import TooMany, Unauthenticated
from chassis.execution import Refused
from chassis.identity import NOBODY, Actor, KeySet, Verifier
from services.auth import passwords, sessions
from services.auth.models import LoginFailure, RefreshToken
from tests.auth.factories import PASSWORD, Clock, acting, fail_to_log_in, log_in, new_account, new_email, registered


def actor_of(tokens: dict[str, Any]) -> Actor:
    """Who the access token says that one is."""
    return Verifier(KeySet(config.current().jwks_file)).actor(tokens["access_token"])


def refresh(session: Session, token: str) -> Any:
    """New tokens, or a refusal."""
    return sessions.refresh(session, NOBODY, refresh_token=token)


def test_the_right_password_opens_a_session(session: Session) -> None:
    account = new_account(session)
    tokens = log_in(session, account.email)
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)
    assert tokens["user"] == {"id": account.id, "email": account.email, "name": "Asha Rao", "roles": ["patient"]}


def test_the_access_token_says_who_and_what_one_is(session: Session) -> None:
    account = new_account(session)
    actor = actor_of(log_in(session, account.email))
    assert (actor.id, actor.roles, actor.verified) == (account.id, {"patient"}, True)


def test_an_unverified_account_signs_in_as_such(session: Session) -> None:
    account = registered(session, new_email())
    assert not actor_of(log_in(session, account.email)).verified


def test_the_address_is_found_in_whatever_case(session: Session) -> None:
    account = new_account(session)
    assert log_in(session, account.email.upper())["user"]["id"] == account.id


@pytest.mark.parametrize("case", ["wrong password", "unknown address", "deactivated", "erased"])
def test_all_failures_are_answered_alike(session: Session, case: str) -> None:
    account = new_account(session)
    if case in ("deactivated", "erased"):
        account.status = case
    email = new_email() if case == "unknown address" else account.email
    refused = log_in(session, email, "wrong password") if case == "wrong password" else log_in(session, email)
    assert isinstance(refused, Refused)
    assert type(refused.error) is Unauthenticated
    assert refused.error.code == "login_failed"


@pytest.mark.parametrize("is_known", [True, False])
def test_ten_failures_lock_an_address_known_or_not(session: Session, clock: Clock, is_known: bool) -> None:  # noqa: FBT001
    email = new_account(session).email if is_known else new_email()
    fail_to_log_in(session, email, 9)
    clock.advance(minutes=15)
    fail_to_log_in(session, email, 1)
    with pytest.raises(TooMany) as refusal:
        log_in(session, email)
    assert (refusal.value.code, refusal.value.facts) == ("locked", {"retry_after": 900})


def test_a_lock_ends_after_15_minutes(session: Session, clock: Clock) -> None:
    account = new_account(session)
    fail_to_log_in(session, account.email, 10)
    clock.advance(minutes=15)
    assert "access_token" in log_in(session, account.email)


def test_a_right_password_that_comes_while_others_fail_is_refused_once_locked(session: Session) -> None:
    account = new_account(session)
    candidate = sessions.find(session, NOBODY, email=account.email, password=PASSWORD)
    right = passwords.matches(candidate, password=PASSWORD)
    fail_to_log_in(session, account.email, 10)
    with pytest.raises(TooMany):
        sessions.log_in(session, NOBODY, candidate, right, email=account.email)


def test_failures_are_forgotten_after_signing_in(session: Session) -> None:
    account = new_account(session)
    fail_to_log_in(session, account.email, 9)
    log_in(session, account.email)
    fail_to_log_in(session, account.email, 9)
    assert "access_token" in log_in(session, account.email)


def test_a_refresh_token_gives_new_tokens(session: Session) -> None:
    account = new_account(session)
    first = log_in(session, account.email)
    second = refresh(session, first["refresh_token"])
    assert second["refresh_token"] != first["refresh_token"]
    assert actor_of(second).session_id == actor_of(first).session_id
    assert "access_token" in refresh(session, second["refresh_token"])


def test_a_lost_reply_is_given_again_for_ten_seconds(session: Session, clock: Clock) -> None:
    first = log_in(session, new_account(session).email)["refresh_token"]
    second = refresh(session, first)["refresh_token"]
    clock.advance(seconds=10)
    assert refresh(session, first)["refresh_token"] == second


def test_a_used_token_that_comes_later_ends_the_whole_session(session: Session, clock: Clock) -> None:
    first = log_in(session, new_account(session).email)["refresh_token"]
    second = refresh(session, first)["refresh_token"]
    clock.advance(seconds=11)
    refused = refresh(session, first)
    assert isinstance(refused, Refused)
    assert refused.error.code == "refresh_failed"
    with pytest.raises(Unauthenticated):
        refresh(session, second)


def test_a_used_token_whose_successor_was_used_ends_the_session_at_once(session: Session) -> None:
    first = log_in(session, new_account(session).email)["refresh_token"]
    second = refresh(session, first)["refresh_token"]
    third = refresh(session, second)["refresh_token"]
    assert isinstance(refresh(session, first), Refused)
    with pytest.raises(Unauthenticated):
        refresh(session, third)


def test_one_session_ends_without_the_others(session: Session, clock: Clock) -> None:
    account = new_account(session)
    stolen, other = (log_in(session, account.email)["refresh_token"] for _ in range(2))
    refresh(session, stolen)
    clock.advance(seconds=11)
    refresh(session, stolen)
    assert "access_token" in refresh(session, other)


def test_a_refresh_token_lives_14_days(session: Session, clock: Clock) -> None:
    token = log_in(session, new_account(session).email)["refresh_token"]
    clock.advance(days=14)
    with pytest.raises(Unauthenticated) as refusal:
        refresh(session, token)
    assert refusal.value.code == "refresh_failed"


def test_an_unknown_refresh_token_is_refused(session: Session) -> None:
    with pytest.raises(Unauthenticated):
        refresh(session, "unknown")


def test_a_deactivated_account_is_not_refreshed(session: Session) -> None:
    account = new_account(session)
    token = log_in(session, account.email)["refresh_token"]
    account.status = "deactivated"
    with pytest.raises(Unauthenticated):
        refresh(session, token)


def test_signing_out_ends_the_session(session: Session) -> None:
    tokens = log_in(session, new_account(session).email)
    for _ in range(2):
        assert sessions.log_out(session, actor_of(tokens)) == {"status": "signed_out"}
    with pytest.raises(Unauthenticated):
        refresh(session, tokens["refresh_token"])


def test_nobody_signs_somebody_else_out(session: Session) -> None:
    tokens = log_in(session, new_account(session).email)
    sessions.log_out(session, acting(new_account(session), session_id=actor_of(tokens).session_id))
    assert "access_token" in refresh(session, tokens["refresh_token"])


def test_what_no_longer_counts_is_forgotten(session: Session, clock: Clock) -> None:
    account = new_account(session)
    log_in(session, account.email)
    fail_to_log_in(session, account.email, 1)
    clock.advance(days=15)
    sessions.forget(session, Actor.system())
    assert session.query(LoginFailure).count() == session.query(RefreshToken).count() == 0


def test_what_still_counts_is_kept(session: Session) -> None:
    account, guessed = new_account(session), new_email()
    token = log_in(session, account.email)["refresh_token"]
    fail_to_log_in(session, guessed, 10)
    sessions.forget(session, Actor.system())
    with pytest.raises(TooMany):
        log_in(session, guessed)
    assert "access_token" in refresh(session, token)
