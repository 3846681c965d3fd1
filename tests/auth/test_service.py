"""The service as its callers use it: whole commands in transactions of their own, also concurrent."""

import pytest
from sqlalchemy import func, select

from chassis import config
from chassis.call import Call
from chassis.errors import MatronError
from chassis.persistence import tables
from chassis.persistence.database import Database
from matron.migrations import differences
from services.auth import rules
from services.auth.models.logins import LoginFailure
from services.auth.models.sessions import RefreshToken
from services.auth.service import AuthService
from tests.auth.calls import as_, at_once, log_in, mailed_token, outcome, register
from tests.auth.factories import PASSWORD, Host, new_account, new_email


def test_migrations_create_the_tables_of_the_code(database: Database) -> None:
    assert differences("auth", database) == []


def test_patient_registers_verifies_and_logs_in(database: Database) -> None:
    email = new_email()
    made = register(database, email)
    assert made == {"id": made["id"], "email": email, "status": "pending_verification"}
    verified = AuthService.verify_email(Host(database), token=mailed_token(database, made["id"]))
    assert verified == {"status": "active"}
    tokens = log_in(database, email)
    me = AuthService.get_me(Host(database, call=Call(token=tokens["access_token"])))
    assert (me["email"], me["status"], me["roles"]) == (email, "active", ["patient"])


def test_registration_with_the_same_key_gives_the_same_reply(database: Database) -> None:
    call, email = Call(key=new_email()), new_email()
    first, second = (register(database, email, call) for _ in range(2))
    assert {**first, "id": str(first["id"])} == second


def test_key_may_be_reused_after_a_refused_password(database: Database) -> None:
    call, email = Call(key=new_email()), new_email()
    with pytest.raises(MatronError):
        AuthService.register_patient(Host(database, call=call), email=email, password="password12345", name="Asha")
    made = AuthService.register_patient(Host(database, call=call), email=email, password=PASSWORD, name="Asha")
    assert made["email"] == email


def test_key_is_refused_with_another_password_after_registration(database: Database) -> None:
    call, email = Call(key=new_email()), new_email()
    register(database, email, call)
    with pytest.raises(MatronError) as refusal:
        AuthService.register_patient(Host(database, call=call), email=email, password="another-1-x!", name="Asha Rao")
    assert refusal.value.code == "key_reused"


def test_key_stores_no_password(database: Database) -> None:
    call = Call(key=new_email())
    register(database, new_email(), call)
    with database.read() as session:
        row = session.execute(select(tables.idempotency).where(tables.idempotency.c.key == call.key)).one()
    assert PASSWORD not in str(row)
    assert "argon2" not in str(row)


def test_address_goes_to_a_single_concurrent_registration(database: Database) -> None:
    email = new_email()
    assert at_once(4, lambda: register(database, email)) == {"done": 1, "email_taken": 3}


def test_mailed_token_works_once_for_concurrent_callers(database: Database) -> None:
    made = register(database, new_email())
    token = mailed_token(database, made["id"])
    seen = at_once(5, lambda: AuthService.verify_email(Host(database), token=token))
    assert seen == {"done": 1, "not_pending_verification": 4}


def test_refused_login_is_counted(database: Database) -> None:
    email = new_email()
    assert outcome(lambda: log_in(database, email)) == "login_failed"
    with database.read() as session:
        counted = select(func.count()).where(LoginFailure.email_digest == rules.digest(email))
        assert session.execute(counted).scalar_one() == 1


def test_ten_of_twenty_concurrent_guesses_are_compared(database: Database) -> None:
    email = register(database, new_email())["email"]
    assert at_once(20, lambda: log_in(database, email, "a guess")) == {"login_failed": 10, "locked": 10}


def test_concurrent_refreshes_give_a_single_successor(database: Database) -> None:
    register(database, email := new_email())
    token, given = log_in(database, email)["refresh_token"], set[str]()
    refresh = lambda: given.add(AuthService.refresh_tokens(Host(database), refresh_token=token)["refresh_token"])  # noqa: E731
    assert at_once(20, refresh) == {"done": 20}
    assert len(given) == 1
    with database.read() as session:
        made = select(RefreshToken.session_id).where(RefreshToken.digest == rules.digest(token)).scalar_subquery()
        assert session.scalar(select(func.count()).where(RefreshToken.session_id == made)) == 2


def test_session_stays_ended_after_the_refusal_of_a_stolen_token(database: Database) -> None:
    register(database, email := new_email())
    refresh = lambda token: AuthService.refresh_tokens(Host(database), refresh_token=token)["refresh_token"]  # noqa: E731
    first = log_in(database, email)["refresh_token"]
    third = refresh(refresh(first))
    assert outcome(lambda: refresh(first)) == "refresh_failed"
    assert outcome(lambda: refresh(third)) == "refresh_failed"


def test_request_is_decided_by_a_single_concurrent_admin(database: Database) -> None:
    with database.begin() as session:
        patient, admin = new_account(session), new_account(session, roles=["admin"])
    asked = AuthService.request_upgrade(as_(database, patient), role="nurse", statement="I am one.")
    decide = lambda: AuthService.decide_upgrade(as_(database, admin), request_id=asked["id"], decision="approve")  # noqa: E731
    assert at_once(4, decide) == {"done": 1, "already_decided": 3}
    again = outcome(lambda: AuthService.request_upgrade(as_(database, patient), role="nurse", statement="Again."))
    assert again == "already_granted"


def test_equal_concurrent_requests_for_a_role_leave_a_single_pending_request(database: Database) -> None:
    with database.begin() as session:
        patient = new_account(session)
    ask = lambda: AuthService.request_upgrade(as_(database, patient), role="nurse", statement="I am one.")  # noqa: E731
    assert at_once(4, ask) == {"done": 1, "already_pending": 3}


def test_public_keys_are_those_of_the_settings(database: Database) -> None:
    found = AuthService.list_public_keys(Host(database))["keys"]
    assert [key["crv"] for key in found] == ["Ed25519"]
    assert found[0]["kid"] == next(config.current().signing_keys.glob("*.pem")).stem
