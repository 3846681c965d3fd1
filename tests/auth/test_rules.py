"""The pure rules of auth."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn import matching, zxcvbn

from chassis.errors import Invalid
from matron import demo
from services.auth import rules
from tests.auth.factories import PASSWORD

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PERSON = ("Asha Raomuthuswamy", "asha.r@example.org")
MOMENTS = st.integers(0, 3600).map(lambda seconds: NOW - timedelta(seconds=seconds))


@pytest.mark.parametrize("written", ["Asha@Example.ORG", "asha@example.org", " ASHA@example.org "])
def test_email_key_is_equal_for_all_spellings(written: str) -> None:
    assert rules.email_key(written) == "asha@example.org"


@pytest.mark.parametrize(
    "password", ["password1234", "qwertyuiop12", "asha raomuthuswamy", "asha.r@example.org", demo.PASSWORD]
)
def test_password_is_refused_when_common_or_personal(password: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_strength(password, PERSON)
    assert refusal.value.code == "password_too_common"
    assert list(refusal.value.facts["errors"]) == ["password"]


def test_password_of_unrelated_words_is_accepted() -> None:
    rules.check_strength(PASSWORD, PERSON)


def test_longest_password_is_accepted() -> None:
    rules.check_strength((PASSWORD * 6)[:128], PERSON)


@pytest.mark.parametrize("password", ["password1234", PASSWORD, "rAnD0m-4kf9", "asha raomuthuswamy", "2026-11-23-x"])
def test_password_score_equals_that_of_zxcvbn(password: str) -> None:
    known = ["asha raomuthuswamy"]
    assert rules._score(password, known) == zxcvbn(password, user_inputs=known)["score"]


@pytest.mark.parametrize("password", ["P4$$w0rd!1@abc", "tr0ub4dor&3+2=5", "0123456789@!$", "h0r$e-(b4tt3ry)-9"])
def test_password_with_substitutions_is_scored_as_by_zxcvbn(password: str) -> None:
    table = rules._all_readable_as(password, matching.L33T_TABLE)
    assert rules._readable_as(password, matching.L33T_TABLE) == table


@pytest.mark.parametrize(
    "unit", ["4@8({[<369!1|70$5+2%abcdefghijklmnop", "a4@b8c({[<e3g69i!1|l17o0s$5t+7x%z2", "2{9<+9(44<!@!+6!087$"]
)
def test_password_estimate_is_fast_for_every_password(unit: str) -> None:
    began = time.process_time()
    rules.check_strength((unit * 8)[:128], PERSON)
    assert time.process_time() - began < 0.5


@given(st.lists(MOMENTS, max_size=9))
def test_fewer_than_ten_failures_never_lock(failures: list[datetime]) -> None:
    assert rules.locked_until(failures) is None


@given(st.lists(MOMENTS, min_size=10, max_size=30))
def test_ten_failures_lock_only_when_within_15_minutes(failures: list[datetime]) -> None:
    last = sorted(failures)[-10:]
    close = last[-1] - last[0] <= timedelta(minutes=15)
    assert rules.locked_until(failures) == (last[-1] + timedelta(minutes=15) if close else None)


@pytest.mark.parametrize(
    ("said", "missing"),
    [
        ({"role": "doctor", "licence_number": None, "specialization": None}, {"licence_number", "specialization"}),
        ({"role": "doctor", "licence_number": "L-1", "specialization": "  "}, {"specialization"}),
    ],
)
def test_request_of_a_doctor_requires_licence_and_specialization(said: dict[str, Any], missing: set[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_request(**said)
    assert refusal.value.facts["errors"].keys() == missing


def test_request_of_a_nurse_requires_neither() -> None:
    rules.check_request(role="nurse", licence_number=None, specialization=None)


@pytest.mark.parametrize("reason", [None, "", "   "])
def test_rejection_requires_a_reason(reason: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_reason(decision="reject", reason=reason)
    assert refusal.value.code == "reason_required"


def test_approval_requires_no_reason() -> None:
    rules.check_reason(decision="approve", reason=None)
