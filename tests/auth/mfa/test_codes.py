"""Codes of apps, and recovery codes."""

import re

import pytest

from chassis.persistence.database import Session
from services.auth import encryption
from services.auth.mfa import codes as mfa
from services.auth.models.mfa import RecoveryCode, SecondFactor
from tests.auth.factories import App, Clock, enrolled, new_account, require_mfa, started

RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""`12345678901234567890`, the secret of the examples in RFC 6238, in base 32."""


def factor_of(app: App) -> SecondFactor:
    """A factor without a used code."""
    return SecondFactor(secret=encryption.encrypted(app.secret), last_step=None)


@pytest.mark.parametrize(
    ("seconds", "code"), [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")]
)
def test_codes_equal_those_of_rfc_6238(clock: Clock, seconds: int, code: str) -> None:
    clock.at = clock.at.fromtimestamp(seconds, clock.at.tzinfo)
    assert mfa.use_step(factor_of(App(RFC_SECRET, [])), code)


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
@pytest.mark.usefixtures("clock")
def test_code_is_accepted_within_a_step_of_clock_skew(steps: int, right: bool) -> None:  # noqa: FBT001
    app = App(mfa.new_secret(), [])
    assert mfa.use_step(factor_of(app), app.code(steps)) is right


@pytest.mark.usefixtures("clock")
def test_code_works_once() -> None:
    app = App(mfa.new_secret(), [])
    factor = factor_of(app)
    assert [mfa.use_step(factor, app.code(0)) for _ in range(2)] == [True, False]


@pytest.mark.usefixtures("clock")
def test_code_is_refused_after_a_later_code() -> None:
    app = App(mfa.new_secret(), [])
    factor = factor_of(app)
    assert [mfa.use_step(factor, app.code(steps)) for steps in (0, -1, 1)] == [True, False, True]


@pytest.mark.parametrize("wrong", ["", "12345", "١٢٣٤٥٦", "not a code", "1234567"])
def test_malformed_code_is_wrong(wrong: str) -> None:
    assert not mfa.use_step(factor_of(App(mfa.new_secret(), [])), wrong)


@pytest.mark.usefixtures("clock")
def test_code_may_contain_separators() -> None:
    app = App(mfa.new_secret(), [])
    code = app.code()
    assert mfa.use_step(factor_of(app), f" {code[:3]} {code[3:]} ")


def test_secret_has_160_bits() -> None:
    assert re.fullmatch(r"[A-Z2-7]{32}", mfa.new_secret())


def test_code_of_an_unconfirmed_secret_is_refused(session: Session) -> None:
    account = new_account(session)
    app = started(session, account)
    assert not mfa.is_enabled(session, account.id)
    assert not mfa.use(session, account.id, app.code(0))


def test_recovery_codes_are_ten_of_120_bits(session: Session) -> None:
    codes = enrolled(session, new_account(session)).recovery_codes
    assert len(set(codes)) == 10
    assert all(re.fullmatch(r"[a-z2-7]{4}(-[a-z2-7]{4}){5}", code) for code in codes)


def test_recovery_code_works_once_in_any_spelling(session: Session) -> None:
    account = new_account(session)
    code = enrolled(session, account).recovery_codes[3].replace("-", " ").upper()
    assert [mfa.use(session, account.id, code) for _ in range(2)] == [True, False]


def test_recovery_code_of_another_person_is_refused(session: Session) -> None:
    mine, other = new_account(session), new_account(session)
    enrolled(session, other)
    assert not mfa.use(session, other.id, enrolled(session, mine).recovery_codes[0])


def test_database_contains_neither_secret_nor_recovery_code(session: Session) -> None:
    account = new_account(session)
    app = enrolled(session, account)
    stored = session.get_one(SecondFactor, account.id).secret
    digests = {code.digest for code in session.query(RecoveryCode).where(RecoveryCode.user_id == account.id)}
    assert app.secret.encode() not in stored
    assert digests.isdisjoint({*app.recovery_codes, *(code.replace("-", "") for code in app.recovery_codes)})


def test_reset_deletes_the_factor_and_its_codes(session: Session) -> None:
    account, other = new_account(session), new_account(session)
    for one in (account, other):
        enrolled(session, one)
    assert mfa.reset(session, account.id)
    assert session.query(RecoveryCode).where(RecoveryCode.user_id == account.id).count() == 0
    assert (mfa.is_enabled(session, account.id), mfa.is_enabled(session, other.id)) == (False, True)
    assert not mfa.reset(session, account.id)


@pytest.fixture
def nurses_need_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Require a second factor of nurses."""
    require_mfa(monkeypatch, "nurse")


@pytest.mark.parametrize(("roles", "due"), [(["patient"], False), (["patient", "nurse"], True)])
@pytest.mark.usefixtures("nurses_need_one")
def test_factor_is_due_when_a_role_requires_it(session: Session, roles: list[str], due: bool) -> None:  # noqa: FBT001
    account = new_account(session, roles=roles)
    assert mfa.is_due(session, account.id, roles) is due


@pytest.mark.usefixtures("nurses_need_one")
def test_factor_is_not_due_once_confirmed(session: Session) -> None:
    account = new_account(session, roles=["nurse"])
    enrolled(session, account)
    assert not mfa.is_due(session, account.id, ["nurse"])
