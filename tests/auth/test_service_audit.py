"""Audit entries about roles and refusals."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from chassis.call import Call
from chassis.errors import MatronError
from chassis.persistence.database import Database
from chassis.persistence.erasure import erase_traces
from chassis.persistence.tables import audit
from services.auth.models.accounts import Account
from services.auth.service import AuthService
from tests.auth.admins import admin, only_admin
from tests.auth.calls import as_, log_in, outcome
from tests.auth.factories import Host, asked, enrolled, new_account, new_email


def accounts_of(database: Database) -> tuple[Account, Account]:
    """A patient and an admin."""
    with database.begin() as session:
        return new_account(session), admin(session)


def trail(database: Database, by: Account, person: UUID, **filters: Any) -> list[dict[str, Any]]:
    """The audit entries of a person as actor or record, newest first."""
    found: list[dict[str, Any]] = AuthService.list_audit(as_(database, by), person_id=str(person), **filters)["items"]
    return found


@pytest.mark.parametrize(("decision", "granted"), [("approve", ["nurse"]), ("reject", [])])
def test_audit_of_a_decision_names_the_person_who_requested(
    database: Database, decision: str, granted: list[str]
) -> None:
    person, by = accounts_of(database)
    request = AuthService.request_upgrade(as_(database, person), role="nurse", statement="I am one.")
    AuthService.decide_upgrade(as_(database, by), request_id=request["id"], decision=decision, reason="Because.")
    [row] = trail(database, by, person.id, action="decide_upgrade")
    assert (row["actor_id"], row["record_id"]) == (by.id, person.id)
    assert row["details"] == {"request_id": str(request["id"]), "decision": decision, "granted": granted}


def test_audit_names_changed_roles(database: Database) -> None:
    person, by = accounts_of(database)
    AuthService.assign_roles(as_(database, by), user_id=str(person.id), roles=["nurse", "pharmacist"])
    [row] = trail(database, by, person.id, action="assign_roles")
    assert row["details"] == {"granted": ["nurse", "pharmacist"], "revoked": ["patient"]}


def test_audit_distinguishes_a_deactivation_from_a_new_name(database: Database) -> None:
    person, by = accounts_of(database)
    for change in ({"name": "Asha R."}, {"status": "deactivated"}):
        AuthService.update_user(as_(database, by), user_id=str(person.id), **change)
    rows = trail(database, by, person.id, action="update_user")
    assert [row["details"] for row in rows] == [{"status": ["active", "deactivated"]}, None]


def test_audit_names_an_admin_who_may_not_reset_their_own_factor(database: Database) -> None:
    _person, by = accounts_of(database)
    assert outcome(lambda: AuthService.reset_mfa(as_(database, by), user_id=str(by.id))) == "own_mfa"
    [row] = trail(database, by, by.id, action="reset_mfa")
    assert (row["actor_id"], row["allowed"]) == (by.id, False)


def test_audit_names_the_last_admin_after_a_refusal(database: Database) -> None:
    with database.begin() as session:
        by = only_admin(session)
    assert outcome(lambda: AuthService.erase_user(as_(database, by), user_id=str(by.id))) == "last_admin"
    [row] = trail(database, by, by.id, action="erase_user")
    assert (row["actor_id"], row["record_id"], row["allowed"]) == (by.id, by.id, False)


def test_audit_records_refusals_of_a_locked_account(database: Database) -> None:
    person, by = accounts_of(database)
    for _ in range(11):
        last = outcome(lambda: log_in(database, person.email, "a guess"))
    assert last == "locked"
    rows = trail(database, by, person.id, action="log_in")
    assert [(row["actor_id"], row["allowed"]) for row in rows] == [(None, False)] * 11


def test_audit_writes_as_much_for_an_address_without_account(database: Database) -> None:
    """Otherwise the time of a refusal would reveal which addresses have an account."""
    email = new_email()
    with database.read() as session:
        before = session.scalars(select(audit.c.id).order_by(audit.c.id.desc()).limit(1)).one_or_none() or 0
    for _ in range(11):
        outcome(lambda: log_in(database, email, "a guess"))
    with database.read() as session:
        rows = session.execute(select(audit.c.record_id, audit.c.allowed).where(audit.c.id > before)).all()
    assert rows == [(None, False)] * 11


def refusals(database: Database, person: Account, by: Account, action: str) -> int:
    """The number of refused entries of an action."""
    return len(trail(database, by, person.id, action=action, allowed=False))


def test_audit_names_the_owner_of_an_invalid_link(database: Database) -> None:
    person, by = accounts_of(database)
    with database.begin() as session:
        token = asked(session, person.email)

    def set_with(token: str) -> str:
        return outcome(lambda: AuthService.reset_password(Host(database), token=token, password="copper-lantern-or-7"))

    assert [set_with(one) for one in (token, token, "unknown")] == ["done", "token_not_valid", "token_not_valid"]
    assert outcome(lambda: AuthService.verify_email(Host(database), token=token)) == "token_not_valid"
    assert [refusals(database, person, by, one) for one in ("reset_password", "verify_email")] == [1, 1]


def test_audit_records_a_repeated_second_step(database: Database) -> None:
    person, by = accounts_of(database)
    with database.begin() as session:
        app = enrolled(session, session.get_one(Account, person.id))
    waiting = log_in(database, person.email)["mfa_token"]

    def give(code: str) -> str:
        return outcome(lambda: AuthService.verify_mfa(Host(database), mfa_token=waiting, code=code))

    assert [give(code) for code in app.recovery_codes[:2]] == ["done", "mfa_token_not_valid"]
    assert refusals(database, person, by, "verify_mfa") == 1


def test_audit_records_an_invalid_refresh_token(database: Database) -> None:
    person, by = accounts_of(database)
    tokens = log_in(database, person.email)
    AuthService.log_out(Host(database, call=Call(token=tokens["access_token"], key=new_email())), all=False)
    with pytest.raises(MatronError):
        AuthService.refresh_tokens(Host(database), refresh_token=tokens["refresh_token"])
    assert refusals(database, person, by, "refresh_tokens") == 1


def test_audit_has_no_network_address_after_an_erasure(database: Database) -> None:
    person, by = accounts_of(database)
    mine, other = (
        {"at": by.created_at, "action": "log_in", "allowed": True, "address": "203.0.113.7", "request_id": "r", **whose}
        for whose in ({"actor_id": person.id, "record_id": None}, {"actor_id": by.id, "record_id": person.id})
    )
    tried = {**mine, "actor_id": None, "record_id": person.id, "allowed": False}
    with database.begin() as session:
        session.execute(insert(audit), [mine, tried, other])
        erase_traces(session, person.id)
        rows = session.execute(select(audit.c.actor_id, audit.c.address).where(audit.c.request_id == "r"))
        assert set(rows.all()) >= {(person.id, ""), (None, ""), (by.id, "203.0.113.7")}
