"""Hashing and comparing passwords."""

import eventlet
import pytest
from eventlet.semaphore import Semaphore

from chassis.errors import Invalid, Unavailable
from contracts.auth.accounts.commands import ChangeEmail, RegisterPatient
from services.auth import passwords
from services.auth.sessions.logins import Candidate
from tests.auth.factories import PASSWORD, password_hash
from transports import threads

NOBODY = Candidate(None, None)


def hash_new(password: str) -> str:
    """The hash of Asha's new password."""
    return passwords.hash_new(None, RegisterPatient(password=password, name="Asha Rao", email="asha@example.org"))


def test_a_hash_is_argon2id_with_the_costs_of_the_design() -> None:
    assert hash_new(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_common_password_is_not_hashed() -> None:
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
def test_no_password_matches_where_there_is_no_account(password: str) -> None:
    assert not passwords.is_password(NOBODY, password)


@pytest.mark.parametrize("password", ["", "nobody's password"])
def test_no_password_matches_where_none_has_been_set(password: str) -> None:
    assert not passwords.is_password(Candidate(None, ""), password)


def test_where_there_is_no_account_a_hash_of_the_same_cost_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_a_hash_that_cannot_be_read_matches_nothing() -> None:
    assert not passwords.is_password(Candidate(None, "erased"), "erased")


def test_whoever_finds_the_line_full_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_places", Semaphore(0))
    with pytest.raises(Unavailable) as refusal:
        passwords.is_password(NOBODY, "anything")
    assert (refusal.value.code, refusal.value.facts) == ("busy", {"retry_after": 1})


def test_a_place_in_the_line_is_given_back_by_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "_places", Semaphore(1))
    for _ in range(2):
        with pytest.raises(Invalid):
            hash_new("password12345")


def test_others_go_on_while_a_password_is_hashed() -> None:
    seen, hashing = list[str](), eventlet.spawn(hash_new, PASSWORD)
    while not hashing.dead:
        eventlet.sleep(0)
        seen.append("went on")
    assert len(seen) > 10
