"""Hashing and comparing passwords."""

import eventlet
import pytest
from argon2 import PasswordHasher
from eventlet.semaphore import Semaphore

from chassis.errors import Invalid, Unavailable
from contracts.auth.accounts.commands import ChangeEmail, RegisterPatient
from services.auth import passwords
from services.auth.sessions.logins import Candidate
from tests.auth.factories import PASSWORD, password_hash
from transports import threads

NOBODY = Candidate(None, None)


@pytest.fixture
def hasher() -> PasswordHasher:
    """The hasher with the costs of production."""
    return passwords.HASHER


def hash_new(password: str) -> str:
    """The hash of Asha's new password."""
    return passwords.hash_new(None, RegisterPatient(password=password, name="Asha Rao", email="asha@example.org"))


def test_hash_is_argon2id_with_the_specified_costs() -> None:
    assert hash_new(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_common_password_is_refused_before_hashing() -> None:
    with pytest.raises(Invalid) as refusal:
        hash_new("password12345")
    assert refusal.value.code == "password_too_common"


@pytest.mark.parametrize(("password", "is_right"), [(PASSWORD, True), ("something else", False)])
def test_only_the_right_password_matches(password: str, is_right: bool) -> None:  # noqa: FBT001
    assert (
        passwords.matches(Candidate(None, password_hash()), ChangeEmail(email="asha@example.org", password=password))
        is is_right
    )


@pytest.mark.parametrize("password", ["anything at all", "nobody's password"])
def test_password_never_matches_without_an_account(password: str) -> None:
    assert not passwords.is_password(NOBODY, password)


@pytest.mark.parametrize("password", ["", "nobody's password"])
def test_password_never_matches_when_none_is_set(password: str) -> None:
    assert not passwords.is_password(Candidate(None, ""), password)


def test_comparison_without_an_account_uses_a_hash_of_equal_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = list[str]()
    real = passwords.HASHER.verify

    class Recording:
        hash = staticmethod(passwords.HASHER.hash)

        def verify(self, known: str, password: str) -> bool:
            compared.append(known)
            return real(known, password)

    monkeypatch.setattr(passwords, "HASHER", Recording())
    passwords.is_password(NOBODY, "anything")
    assert [known.rsplit("$", 2)[0] for known in compared] == [password_hash().rsplit("$", 2)[0]]


def test_unreadable_hash_matches_no_password() -> None:
    assert not passwords.is_password(Candidate(None, "erased"), "erased")


def test_hashing_is_refused_as_busy_when_the_queue_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_places", Semaphore(0))
    with pytest.raises(Unavailable) as refusal:
        passwords.is_password(NOBODY, "anything")
    assert (refusal.value.code, refusal.value.facts) == ("busy", {"retry_after": 1})


def test_failed_hashing_releases_its_place_in_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_places", Semaphore(1))
    for _ in range(2):
        with pytest.raises(Invalid):
            hash_new("password12345")


def test_hashing_does_not_block_other_threads() -> None:
    seen, hashing = list[str](), eventlet.spawn(hash_new, PASSWORD)
    while not hashing.dead:
        eventlet.sleep(0)
        seen.append("went on")
    assert len(seen) > 10
