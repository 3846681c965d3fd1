"""An erased account leaves an id and no personal data."""

from typing import Any

import pytest
from sqlalchemy import insert, select, update
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.call import Call
from chassis.errors import Conflict, Invalid, NotFound, Unavailable
from chassis.execution.run import add_events
from chassis.persistence import tables
from chassis.persistence.database import Session
from contracts.auth.accounts.administration import EraseUser
from contracts.auth.events import RoleRevoked, SessionRevoked, UserErased
from contracts.auth.upgrades import DecideUpgrade, ListMyUpgradeRequests
from services.auth import grants, upgrades
from services.auth.accounts import commands as accounts
from services.auth.accounts import erasure
from services.auth.models.accounts import Account
from services.auth.models.logins import LoginFailure, OneTimeToken
from services.auth.models.patients import DeskPatient
from services.auth.models.sessions import LoginSession, RefreshToken
from services.auth.models.upgrades import UpgradeRequest
from tests.auth.admins import SOMEBODY, deactivate, doctor_with_visit, erase, new_doctor
from tests.auth.credentials import change, reset
from tests.auth.factories import (
    DOCTOR,
    acting,
    asked,
    enrolled,
    fail_to_log_in,
    failures_of,
    log_in,
    log_in_with,
    new_account,
    registered,
    requested,
    said,
)
from tests.auth.stored import everything, sent

CANARIES = ("canary", "+43660555", "sings-well", "lic-4711", "ornithology", "192.0.2.77", "yellow browser")


def life_of_a_canary(session: Session) -> Account:
    """An account with rows in every table."""
    account = registered(session, "canary@cage.example")
    account.status = "active"
    accounts.change_profile(session, account, {"phone": "+43660555123", "name": "Carl Canary"})
    fail_to_log_in(session, account.email, 1)
    log_in(session, account.email)
    log_in_with(session, account, enrolled(session, account).code())
    log_in(session, account.email)
    said_of_themselves = {"statement": "I am a canary.", "licence_number": "LIC-4711", "specialization": "ornithology"}
    for role in ("doctor", "nurse"):
        requested(session, account, **{**DOCTOR, **said_of_themselves, "role": role})
    wanted = session.scalars(select(UpgradeRequest).where(UpgradeRequest.user_id == account.id)).first()
    assert wanted is not None
    upgrades.decide(
        session, SOMEBODY, DecideUpgrade(request_id=wanted.id, decision="reject", reason="The canary sings-well.")
    )
    used = {"address": "192.0.2.77", "device": "Yellow Browser"}
    session.execute(update(LoginSession).where(LoginSession.user_id == account.id).values(used))
    session.add(DeskPatient(id=account.id, name="Carl Canary", phone="+43660555123"))
    grants.grant_role(session, account, "doctor", by=None, specialization="Ornithology")
    grants.publish_approved(session, account, "doctor", specialization="Ornithology")
    sent(session)
    _keep_reply(session, {"reply": {"is": {"id": str(account.id), "email": account.email}}})
    _keep_reply(session, {"reply": {"is": {"id": str(wanted.id), "user_id": str(account.id), "statement": "canary"}}})
    _keep_reply(session, {"plan": {"is": {"user_id": str(account.id), "name": "Carl Canary"}}})
    return account


def _keep_reply(session: Session, kept: dict[str, Any]) -> None:
    key = {"actor": "", "command": "c", "key": str(uuid7()), "fingerprint": "f", "created_at": clock.now()}
    session.execute(insert(tables.idempotency).values({**key, **kept}))


def test_erasure_leaves_no_personal_data_in_any_table(session: Session) -> None:
    account = life_of_a_canary(session)
    assert [word for word in CANARIES if word not in everything(session)] == []
    erase(session, account)
    add_events(session)
    assert [word for word in CANARIES if word in everything(session)] == []


def test_erasure_keeps_the_id_without_name_and_login(session: Session) -> None:
    account = new_account(session)
    assert erasure.erase(session, SOMEBODY, EraseUser(user_id=account.id, reassign_to=None)).status == "erased"
    assert (account.status, account.name, account.email, account.may_sign_in) == ("erased", "", "", False)
    assert grants.roles_of(session, account.id) == []
    assert session.noted == {"record_id": account.id}


def test_erasure_is_published_once(session: Session) -> None:
    account = new_account(session, roles=["nurse", "patient"])
    log_in(session, account.email)
    erase(session, account)
    assert said(session, UserErased) == [{"user_id": account.id, "reassign_to": None}]
    assert [one["user_id"] for one in said(session, SessionRevoked)] == [account.id]
    assert said(session, RoleRevoked) == []


def test_erasure_frees_the_address(session: Session) -> None:
    account = new_account(session)
    email = account.email
    erase(session, account)
    assert registered(session, email).id != account.id


def test_erasure_deletes_failed_logins_of_every_counter(session: Session) -> None:
    account = new_account(session)
    home = Call(address="203.0.113.7")
    before = session.query(LoginFailure).count()
    reset(session, asked(session, account.email), call=home)
    for call in (home, Call()):
        fail_to_log_in(session, account.email, 2, call=call)
    change(session, acting(account), current="a guess")
    session.flush()
    assert session.query(LoginFailure).count() == before + 5
    erase(session, account)
    assert session.query(LoginFailure).count() == before


def test_erasure_keeps_failed_logins_of_others(session: Session) -> None:
    account, other = new_account(session), new_account(session)
    fail_to_log_in(session, other.email, 3)
    erase(session, account)
    assert failures_of(session, other) == 3


def test_erasure_changes_no_other_account(session: Session) -> None:
    other = new_account(session)
    log_in(session, other.email)
    requested(session, other)
    session.flush()
    erase(session, new_account(session))
    mine = (
        select(RefreshToken).join(LoginSession).where(LoginSession.user_id == other.id, LoginSession.ended_at.is_(None))
    )
    assert session.scalars(mine).one()
    assert (
        upgrades.list_own(session, acting(other), ListMyUpgradeRequests(limit=9, cursor=None)).items[0].statement
        == "I have been one before."
    )
    assert other.name == "Asha Rao"


def test_erasure_withdraws_a_pending_request(session: Session) -> None:
    account = new_account(session)
    pending = requested(session, account)
    erase(session, account)
    session.refresh(pending)
    assert (pending.status, pending.statement, pending.decided_by) == ("withdrawn", "", SOMEBODY.id)


def test_erasure_expires_mailed_links(session: Session) -> None:
    account = registered(session, "soon-gone@example.org")
    erase(session, account)
    assert session.scalars(select(OneTimeToken).where(OneTimeToken.user_id == account.id)).all() == []


def test_deactivated_account_can_be_erased(session: Session) -> None:
    account, admin = new_account(session), new_account(session, roles=["admin"])
    deactivate(session, account, admin)
    erase(session, account)
    assert account.status == "erased"


def test_account_is_erased_once(session: Session) -> None:
    account, _visit = doctor_with_visit(session)
    erase(session, account, reassign_to=new_doctor(session).id)
    with pytest.raises(Conflict) as refusal:
        erase(session, account)
    assert refusal.value.code == "erased"


def test_unknown_account_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        erasure.erase(session, SOMEBODY, EraseUser(user_id=uuid7(), reassign_to=None))


def test_erasure_of_a_doctor_with_open_visits_is_refused(session: Session) -> None:
    account, visit = doctor_with_visit(session)
    with pytest.raises(Conflict) as refusal:
        erase(session, account)
    assert (refusal.value.code, refusal.value.facts) == ("has_open_visits", {"appointment_ids": [str(visit)]})


def test_doctor_with_a_successor_is_erased(session: Session) -> None:
    (account, _visit), other = doctor_with_visit(session), new_doctor(session)
    erase(session, account, reassign_to=other.id)
    assert said(session, UserErased) == [{"user_id": account.id, "reassign_to": other.id}]


@pytest.mark.parametrize("who", ["self", "nobody", "nurse", "deactivated"])
def test_erasure_requires_another_active_doctor_as_successor(session: Session, who: str) -> None:
    account, _visit = doctor_with_visit(session)
    idle = new_doctor(session)
    deactivate(session, idle, new_account(session, roles=["admin"]))
    others = {"self": account.id, "nobody": uuid7(), "nurse": new_account(session, roles=["nurse"]).id}
    with pytest.raises(Invalid) as refusal:
        erase(session, account, reassign_to=others.get(who, idle.id))
    assert (refusal.value.code, list(refusal.value.facts["errors"])) == ("not_a_doctor", ["reassign_to"])


def test_erasure_is_refused_while_events_are_unsent(session: Session) -> None:
    account = registered(session, "in-a-hurry@example.org")
    add_events(session)
    with pytest.raises(Unavailable) as refusal:
        erase(session, account)
    assert refusal.value.code == "events_unsent"
