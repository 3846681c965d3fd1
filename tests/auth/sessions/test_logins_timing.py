"""The time of a reply does not reveal whether an address has an account."""

from collections.abc import Callable
from functools import partial

import pytest
from argon2 import PasswordHasher

from chassis.errors import Unauthenticated
from chassis.persistence.database import Database
from services.auth import passwords
from services.auth.service import AuthService
from tests.auth.factories import Host, new_account, new_email
from tests.auth.stored import statements
from tests.auth.timing import Comparison, compared

TRIES = 80
ROUNDS = 5
"""A busy machine disturbs some rounds: a real difference appears in each round."""


@pytest.fixture
def hasher() -> PasswordHasher:
    """The hasher with the costs of production."""
    return passwords.HASHER


def refused(database: Database, email: str) -> None:
    """Get a refusal, through all three steps."""
    with pytest.raises(Unauthenticated):
        AuthService.log_in(Host(database), email=email, password="not the password")


def known_emails(database: Database, count: int) -> list[str]:
    """Addresses with an account. Each is used once, so that none is locked."""
    with database.begin() as session:
        return [new_account(session).email for _ in range(count)]


def compared_by_email(database: Database, work: Callable[[Database, str], object], tries: int) -> Comparison:
    """The times of a work for known addresses, paired with those for unknown addresses."""
    unknown = [new_email() for _ in range(tries)]
    known, others = (
        [partial(work, database, email) for email in emails] for emails in (known_emails(database, tries), unknown)
    )
    return compared(known, others)


@pytest.mark.servers
def test_refusal_takes_equal_time_with_and_without_an_account(
    databases: Callable[[str, str], Database],
) -> None:
    database = databases("auth", "postgresql")
    refused(database, new_email())
    assert not all(compared_by_email(database, refused, TRIES).tells_apart for _ in range(ROUNDS))


def ask_for_reset(database: Database, email: str) -> None:
    """Request a mail to reset a password."""
    AuthService.forgot_password(Host(database), email=email)


def test_request_for_a_mail_takes_equal_time_with_and_without_an_account(database: Database) -> None:
    compared_by_email(database, ask_for_reset, 20)
    assert not all(compared_by_email(database, ask_for_reset, 200).tells_apart for _ in range(ROUNDS))


NOISE = (0.9, 1.0, 1.2, 5.0)
"""Load slows some pairs of a steady measurement, both halves alike."""


@pytest.mark.parametrize(("factor", "tells"), [(1.0, False), (1.03, False), (1.2, True), (0.8, True)])
def test_comparison_reports_only_differences_above_its_part(factor: float, tells: bool) -> None:  # noqa: FBT001
    pairs = tuple((noise * factor * jitter, noise) for noise in NOISE for jitter in (0.99, 1.01) for _ in range(20))
    assert Comparison(pairs).tells_apart is tells


def test_comparison_ignores_differences_of_a_few_pairs() -> None:
    slow, fast = ((2.0, 1.0),) * 45, ((1.0, 1.2),) * 35
    assert not Comparison(slow + fast).tells_apart


def test_request_for_a_mail_sends_equal_statements_for_every_address(database: Database) -> None:
    [email] = known_emails(database, 1)
    ask_for_reset(database, new_email())
    with statements(database.engine) as known:
        ask_for_reset(database, email)
    with statements(database.engine) as unknown:
        ask_for_reset(database, new_email())
    assert known
    assert known == unknown


def test_refusal_sends_equal_statements_for_every_address(database: Database) -> None:
    [email] = known_emails(database, 1)
    refused(database, new_email())
    with statements(database.engine) as known:
        refused(database, email)
    with statements(database.engine) as unknown:
        refused(database, new_email())
    assert len(known) > 3
    assert known == unknown
