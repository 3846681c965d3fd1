"""Refresh, list and end of sessions."""

from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.contract import Command
from chassis.errors import Forbidden, NotFound, Unauthenticated
from chassis.execution.run import Refused
from chassis.identity import NOBODY, SYSTEM, Actor, check_right
from chassis.persistence.database import Session
from contracts.auth.events import SessionRevoked
from contracts.auth.sessions import EndSession, ListMySessions, LogOut, RefreshTokens, SessionView
from contracts.roles import ANY_ROLE
from services.auth.models.sessions import LoginSession, RefreshToken
from services.auth.sessions import commands as sessions
from tests.auth.devices import begun
from tests.auth.factories import Clock, acting, actor_of, log_in, new_account, new_email, registered, require_mfa, said
from tests.perform import served


def refresh(session: Session, token: str) -> Any:
    """Exchange a refresh token. Returns new tokens or a refusal."""
    return sessions.refresh(session, NOBODY, RefreshTokens(refresh_token=token))


def test_refresh_token_gives_new_tokens(session: Session) -> None:
    account = new_account(session)
    first = log_in(session, account.email)
    second = refresh(session, first.refresh_token)
    assert second.refresh_token != first.refresh_token
    assert actor_of(second).session_id == actor_of(first).session_id
    assert refresh(session, second.refresh_token).access_token


def test_refresh_reply_is_repeated_for_ten_seconds(session: Session, clock: Clock) -> None:
    first = log_in(session, new_account(session).email).refresh_token
    second = refresh(session, first).refresh_token
    clock.advance(seconds=10)
    assert refresh(session, first).refresh_token == second


def test_used_refresh_token_ends_the_session_when_it_comes_later(session: Session, clock: Clock) -> None:
    first = log_in(session, new_account(session).email).refresh_token
    second = refresh(session, first).refresh_token
    clock.advance(seconds=11)
    refused = refresh(session, first)
    assert isinstance(refused, Refused)
    assert refused.error.code == "refresh_failed"
    with pytest.raises(Unauthenticated):
        refresh(session, second)


def test_used_refresh_token_ends_the_session_when_its_successor_was_used(session: Session) -> None:
    first = log_in(session, new_account(session).email).refresh_token
    second = refresh(session, first).refresh_token
    third = refresh(session, second).refresh_token
    assert isinstance(refresh(session, first), Refused)
    with pytest.raises(Unauthenticated):
        refresh(session, third)


def test_stolen_token_ends_only_its_session(session: Session, clock: Clock) -> None:
    account = new_account(session)
    stolen, other = (log_in(session, account.email).refresh_token for _ in range(2))
    refresh(session, stolen)
    clock.advance(seconds=11)
    refresh(session, stolen)
    assert refresh(session, other).access_token


def test_refresh_token_expires_after_14_days(session: Session, clock: Clock) -> None:
    token = log_in(session, new_account(session).email).refresh_token
    clock.advance(days=14)
    with pytest.raises(Unauthenticated) as refusal:
        refresh(session, token)
    assert refusal.value.code == "refresh_failed"


def test_unknown_refresh_token_is_refused(session: Session) -> None:
    with pytest.raises(Unauthenticated):
        refresh(session, "unknown")


def test_refresh_is_refused_for_a_deactivated_account(session: Session) -> None:
    account = new_account(session)
    token = log_in(session, account.email).refresh_token
    account.status = "deactivated"
    with pytest.raises(Unauthenticated):
        refresh(session, token)


def test_logout_ends_the_session(session: Session) -> None:
    tokens = log_in(session, new_account(session).email)
    for _ in range(2):
        assert sessions.log_out(session, actor_of(tokens), LogOut(all=False)).status == "signed_out"
    with pytest.raises(Unauthenticated):
        refresh(session, tokens.refresh_token)


def test_logout_ends_no_session_of_another_person(session: Session) -> None:
    tokens = log_in(session, new_account(session).email)
    sessions.log_out(session, acting(new_account(session), session_id=actor_of(tokens).session_id), LogOut(all=False))
    assert refresh(session, tokens.refresh_token).access_token


def listed(session: Session, actor: Actor) -> list[SessionView]:
    """The listed sessions of a person."""
    return sessions.list_own(session, actor, ListMySessions(limit=100, cursor=None)).items


def ended(session: Session) -> list[Any]:
    """The sessions whose end was published. The events are then removed."""
    found = [one["session_id"] for one in said(session, SessionRevoked)]
    session.published.clear()
    return found


def test_unverified_account_may_refresh(session: Session) -> None:
    tokens = log_in(session, registered(session, new_email()).email)
    again = refresh(session, tokens.refresh_token)
    assert not actor_of(again).verified


def test_own_sessions_are_listed_newest_first(session: Session, clock: Clock) -> None:
    account = new_account(session)
    first = begun(session, account, "Firefox")
    clock.advance(minutes=1)
    second = begun(session, account, "Matron for Android")
    begun(session, new_account(session), "somebody else's")
    shown = listed(session, first)
    assert [(one.id, one.device, one.current) for one in shown] == [
        (second.session_id, "Matron for Android", False),
        (first.session_id, "Firefox", True),
    ]
    assert (shown[0].address, shown[0].created_at) == ("192.0.2.7", clock.now())


def test_listed_session_has_the_time_of_its_last_refresh(session: Session, clock: Clock) -> None:
    account, began = new_account(session), clock.now()
    tokens = log_in(session, account.email)
    clock.advance(days=3)
    refresh(session, tokens.refresh_token)
    shown = listed(session, acting(account))[0]
    assert (shown.created_at, shown.last_used_at) == (began, clock.now())


def test_ended_or_unused_session_is_not_listed(session: Session, clock: Clock) -> None:
    account = new_account(session)
    begun(session, account)
    clock.advance(days=14)
    gone, here = begun(session, account), begun(session, account)
    sessions.log_out(session, gone, LogOut(all=False))
    assert [one.id for one in listed(session, here)] == [here.session_id]


def test_own_sessions_are_listed_in_pages(session: Session, clock: Clock) -> None:
    account = new_account(session)
    actors = []
    for _ in range(3):
        clock.advance(seconds=1)
        actors.append(begun(session, account))
    first = sessions.list_own(session, actors[0], ListMySessions(limit=2, cursor=None))
    second = sessions.list_own(session, actors[0], ListMySessions(limit=2, cursor=first.next))
    found = [one.id for one in (*first.items, *second.items)]
    assert found == [actor.session_id for actor in reversed(actors)]
    assert second.next is None


def test_end_of_a_session_keeps_the_others(session: Session) -> None:
    account = new_account(session)
    lost, here = begun(session, account), begun(session, account)
    assert lost.session_id is not None
    assert sessions.end_own(session, here, EndSession(session_id=lost.session_id)).status == "signed_out"
    assert ended(session) == [lost.session_id]
    assert [one.id for one in listed(session, here)] == [here.session_id]


@pytest.mark.parametrize("case", ["nobody's", "somebody else's", "ended already"])
def test_end_of_an_unknown_or_foreign_session_is_not_found(session: Session, case: str) -> None:
    account = new_account(session)
    here = begun(session, account)
    other = begun(session, new_account(session) if case == "somebody else's" else account)
    if case == "ended already":
        sessions.log_out(session, other, LogOut(all=False))
    session_id = uuid7() if case == "nobody's" else other.session_id
    assert session_id is not None
    session.published.clear()
    with pytest.raises(NotFound) as refusal:
        sessions.end_own(session, here, EndSession(session_id=session_id))
    assert (refusal.value.code, ended(session)) == ("not_found", [])


def test_logout_everywhere_ends_every_session_once(session: Session) -> None:
    account = new_account(session)
    mine = [begun(session, account) for _ in range(3)]
    begun(session, new_account(session))
    sessions.log_out(session, mine[0], LogOut(all=True))
    assert sorted(ended(session)) == sorted(actor.session_id for actor in mine if actor.session_id)
    sessions.log_out(session, mine[1], LogOut(all=True))
    assert ended(session) == []


def test_all_sessions_except_the_callers_are_ended(session: Session) -> None:
    account = new_account(session)
    here, other = begun(session, account), begun(session, account)
    sessions.end_all(session, account.id, but=here.session_id)
    assert ended(session) == [other.session_id]


def test_stolen_token_publishes_the_end_of_its_session_once(session: Session, clock: Clock) -> None:
    tokens = log_in(session, new_account(session).email)
    stolen = actor_of(tokens).session_id
    refresh(session, tokens.refresh_token)
    clock.advance(seconds=11)
    refresh(session, tokens.refresh_token)
    with pytest.raises(Unauthenticated):
        refresh(session, tokens.refresh_token)
    assert ended(session) == [stolen]


def test_token_states_that_a_second_factor_is_due(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    require_mfa(monkeypatch, "nurse")
    nurse, patient = new_account(session, roles=["nurse"]), new_account(session)
    due = [actor_of(log_in(session, account.email)).mfa_due for account in (nurse, patient)]
    assert due == [True, False]


ENROLLING = {"confirm_mfa", "get_me", "log_out", "note_refusal", "start_mfa"}
FOR_EVERY_ROLE = [shape.contract for shape in served("auth") if shape.contract.roles == ANY_ROLE]


@pytest.mark.parametrize("contract", FOR_EVERY_ROLE, ids=lambda one: one.method())
def test_due_factor_allows_only_its_setup(contract: type[Command]) -> None:
    actor = Actor(id=uuid7(), roles=frozenset({"nurse"}), verified=True, mfa_due=True)
    if contract.method() in ENROLLING:
        check_right(actor, contract)
        return
    with pytest.raises(Forbidden) as refusal:
        check_right(actor, contract)
    assert refusal.value.code == "mfa_setup_required"


def test_expired_sessions_and_tokens_are_deleted(session: Session, clock: Clock) -> None:
    account = new_account(session)
    log_in(session, account.email)
    clock.advance(days=14, seconds=1)
    here = begun(session, account)
    sessions.delete_expired(session, SYSTEM)
    left = session.query(LoginSession.id).where(LoginSession.user_id == account.id).all()
    assert [row.id for row in left] == [here.session_id]
    assert session.query(RefreshToken).where(RefreshToken.expires_at < clock.now()).count() == 0


def test_session_in_use_is_kept(session: Session, clock: Clock) -> None:
    tokens = log_in(session, new_account(session).email)
    clock.advance(days=13)
    again = refresh(session, tokens.refresh_token)
    clock.advance(days=13)
    sessions.delete_expired(session, SYSTEM)
    assert refresh(session, again.refresh_token).access_token


def test_session_ends_after_30_days_of_use(session: Session, clock: Clock) -> None:
    account = new_account(session)
    tokens, old = log_in(session, account.email), begun(session, account)
    for days in (10, 10, 9):
        clock.advance(days=days)
        tokens = refresh(session, tokens.refresh_token)
    clock.advance(days=1)
    with pytest.raises(Unauthenticated):
        refresh(session, tokens.refresh_token)
    assert listed(session, old) == []
