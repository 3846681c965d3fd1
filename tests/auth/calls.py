"""Calls to the auth service through its own table, as the gateway makes them."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import eventlet
from sqlalchemy import select

from chassis.call import Call
from chassis.errors import MatronError
from chassis.persistence import tables
from chassis.persistence.database import Database
from services.auth.models.accounts import Account
from services.auth.service import AuthService
from tests.auth.factories import PASSWORD, Host, new_email


def outcome(work: Callable[[], Any]) -> str:
    """`done`, or the code of the refusal."""
    try:
        work()
    except MatronError as refusal:
        return refusal.code
    return "done"


def at_once(times: int, work: Callable[[], Any]) -> Counter[str]:
    """Count the outcomes of concurrent calls."""
    threads = [eventlet.spawn(outcome, work) for _ in range(times)]
    return Counter(thread.wait() for thread in threads)


def register(database: Database, email: str, call: Call | None = None) -> Any:
    """Register, as the gateway does."""
    host = Host(database, call=call) if call else Host(database)
    return AuthService.register_patient(host, email=email, password=PASSWORD, name="Asha Rao")


def log_in(database: Database, email: str, password: str = PASSWORD) -> Any:
    """Log in, as the gateway does."""
    return AuthService.log_in(Host(database), email=email, password=password)


def mailed_token(database: Database, user_id: Any) -> str:
    """The token mailed to this person."""
    with database.read() as session:
        mail = select(tables.outbox.c.data).where(
            tables.outbox.c.name == "mail_token_issued", tables.outbox.c.subject == str(user_id)
        )
        return str(session.execute(mail).scalar_one()["token"])


def as_(database: Database, account: Account) -> Host:
    """A host with a signed-in caller."""
    token = log_in(database, account.email)["access_token"]
    return Host(database, call=Call(token=token, key=new_email()))
