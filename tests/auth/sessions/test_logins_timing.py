"""How long a refused sign-in takes must not tell whether the address has an account."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median

import pytest
from sqlalchemy import event

from chassis.errors import Unauthenticated
from chassis.persistence.database import Database
from services.auth.service import AuthService
from tests.auth.factories import Host, new_account, new_email

TRIES = 80
ROUNDS = 5
"""The machine may be busy with something else: a difference that is real shows in each of them."""
DIFFERENCE = 0.05


def refused(database: Database, email: str) -> float:
    """Be refused, in all three steps; the seconds that it took."""
    host, began = Host(database), time.perf_counter()
    with pytest.raises(Unauthenticated):
        AuthService.log_in(host, email=email, password="not the password")
    return time.perf_counter() - began


def known_emails(database: Database, count: int) -> list[str]:
    """Addresses that have an account; each is tried once, so that none is locked."""
    with database.begin() as session:
        return [new_account(session).email for _ in range(count)]


def difference(database: Database) -> float:
    """By what part the median for known addresses differs from that for unknown ones, tried by turns."""
    pairs = [(refused(database, email), refused(database, new_email())) for email in known_emails(database, TRIES)]
    return abs(median(one for one, _ in pairs) / median(other for _, other in pairs) - 1)


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """The SQL statements that are sent meanwhile."""
    sent = list[str]()
    note = lambda *given: sent.append(given[2])  # noqa: E731
    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.servers
def test_the_time_of_a_refusal_does_not_tell_whether_the_address_has_an_account(
    databases: Callable[[str, str], Database],
) -> None:
    database = databases("auth", "postgresql")
    refused(database, new_email())
    assert any(difference(database) < DIFFERENCE for _ in range(ROUNDS))


def test_the_same_statements_refuse_a_known_and_an_unknown_address(database: Database) -> None:
    [email] = known_emails(database, 1)
    refused(database, new_email())
    with statements(database) as known:
        refused(database, email)
    with statements(database) as unknown:
        refused(database, new_email())
    assert len(known) > 3
    assert known == unknown
