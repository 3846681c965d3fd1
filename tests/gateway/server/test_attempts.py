"""Failed sign-ins of one network have a strict limit, and successful ones a generous limit."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace

import eventlet
import pytest
import requests
import time_machine
from limits.strategies import FixedWindowRateLimiter

from chassis.contract import Command
from chassis.errors import Invalid, MatronError, NoAnswer, TooMany, Unauthenticated, Unavailable
from contracts.auth.accounts.commands import ResetPassword
from contracts.auth.sessions import LogIn, VerifyMfa
from gateway import settings
from gateway.server import attempts, limits
from gateway.server.attempts import Key
from gateway.server.counters import Counts
from gateway.server.limits import Limits
from gateway.server.requests import Request
from tests.gateway.store import redis_like
from tests.hospital import Hospital
from tests.people import PASSWORD

LOGIN = "/api/auth/login"
DONE = 200
WRONG = Unauthenticated("login_failed", "The address or the password is wrong.")
ADDRESS = "192.0.2.1"
KEY = Key(LogIn.method(), ADDRESS)
NUMBERS = count(1)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Limits]]:
    """Return `made(LIMIT_SIGN_IN="3/minute")`: the limits of these settings, at a time in the middle of a window."""

    def make(**chosen: str) -> Limits:
        for name, value in {"LIMIT_ADDRESS": "", **chosen}.items():
            monkeypatch.setenv(name, value)
        return Limits(settings.load())

    with time_machine.travel("2030-01-01T00:00:30Z", tick=True):
        yield make


def tried(of: Limits, outcome: MatronError | int = DONE, *, seconds: float = 0, command: type[Command] = LogIn) -> str:
    """Try to sign in, and return `done` or an error code. The service answers with `outcome` after some seconds."""
    try:
        with of.admit(Request({}, "id", ADDRESS), command, None) as admission:
            eventlet.sleep(seconds)
            if isinstance(outcome, MatronError):
                raise outcome
            admission.attempt.status = outcome
    except MatronError as error:
        return error.code
    return "done" if outcome == DONE else "refused"


def at_once(*tries: Callable[[], str]) -> Counter[str]:
    """Run all attempts at once, and count their outcomes."""
    return Counter(thread.wait() for thread in [eventlet.spawn(one) for one in tries])


def test_success_uses_up_no_failure(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="3/minute")
    assert [tried(of) for _ in range(50)] == ["done"] * 50
    assert [tried(of, WRONG) for _ in range(4)] == ["login_failed"] * 3 + ["rate_limited"]
    assert tried(of) == "rate_limited"


def test_success_gives_back_no_earlier_failure(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="3/minute")
    outcomes = [tried(of, outcome) for outcome in (WRONG, DONE) * 4]
    assert outcomes == ["login_failed", "done"] * 2 + ["login_failed"] + ["rate_limited"] * 3


class Distant(Counts):
    """Counts that answer after a moment, as Redis does, while other attempts go on."""

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count after a moment, and answer after another."""
        eventlet.sleep(0.001)
        counted = super().incr(key, expiry, amount)
        eventlet.sleep(0.001)
        return counted


@pytest.fixture(params=["here", "in Redis"])
def ten(request: pytest.FixtureRequest, made: Callable[..., Limits]) -> Limits:
    """Return limits of ten failures a minute, counted in this process or in Redis."""
    of = made(LIMIT_SIGN_IN="10/minute")
    of.counters.shared = None if request.param == "here" else FixedWindowRateLimiter(Distant())
    return of


def test_guesses_at_once_get_no_more_answers_than_in_a_row(ten: Limits) -> None:
    assert at_once(*[lambda: tried(ten, WRONG, seconds=0.02)] * 100) == {"login_failed": 10, "rate_limited": 90}
    assert not ten.attempts.queues


def test_colleagues_all_sign_in_at_once_behind_one_address(ten: Limits) -> None:
    assert at_once(*[lambda: tried(ten, seconds=0.01)] * 100) == {"done": 100}
    assert [tried(ten, WRONG) for _ in range(11)] == ["login_failed"] * 10 + ["rate_limited"]
    assert not ten.attempts.queues


def test_redis_counts_only_failures(made: Callable[..., Limits]) -> None:
    with redis_like() as (url, counts):
        of = made(LIMIT_SIGN_IN="3/minute", LIMITS_URL=url)
        assert [tried(of, outcome) for outcome in (DONE, WRONG, DONE)] == ["done", "login_failed", "done"]
        of.counters.shared.storage.storage.close()  # type: ignore[union-attr]
    assert sorted(counts.values()) == [1, 3], "one failure, and three attempts"


def test_right_password_among_guesses_changes_no_other_answer(ten: Limits) -> None:
    guesses = [lambda: tried(ten, WRONG, seconds=0.03)] * 50
    found = at_once(*guesses[:5], lambda: tried(ten, seconds=0.01), *guesses)
    assert found == {"done": 1, "login_failed": 10, "rate_limited": 45}


def test_limit_of_all_attempts_holds_for_successes(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="3/minute", LIMIT_SIGN_IN_TRIES="5/minute")
    assert [tried(of) for _ in range(7)] == ["done"] * 5 + ["rate_limited"] * 2
    assert tried(of, command=VerifyMfa) == "done"


def test_attempt_over_limit_of_all_attempts_uses_up_no_failure(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="3/minute", LIMIT_SIGN_IN_TRIES="1/hour")
    assert [tried(of) for _ in range(5)] == ["done"] + ["rate_limited"] * 4
    taken = [of.attempts.take_failure(KEY) for _ in range(4)]
    assert [one is not None for one in taken] == [True] * 3 + [False]


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (Invalid("invalid", "Some fields are wrong."), True),
        (TooMany("locked", "Wait.", {"retry_after": 9}), True),
        (422, True),
        (TooMany("rate_limited", "Too many requests."), False),
        (Unavailable("busy", "Too many wait."), False),
        (NoAnswer("no_answer", "No answer came."), False),
    ],
)
def test_answer_counts_as_failure_when_it_may_follow_a_guess(
    made: Callable[..., Limits], outcome: MatronError | int, *, counts: bool
) -> None:
    of = made(LIMIT_SIGN_IN="1/minute")
    tried(of, outcome)
    assert tried(of) == ("rate_limited" if counts else "done")


def test_attempt_counts_as_failure_when_it_ends_unexpectedly(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="1/minute")
    with pytest.raises(ZeroDivisionError), of.admit(Request({}, "id", ADDRESS), LogIn, None):
        1 // 0  # noqa: B018  an unexpected error
    assert tried(of) == "rate_limited"
    assert not of.attempts.queues


def test_failure_is_given_back_to_the_window_it_came_from(made: Callable[..., Limits]) -> None:
    with time_machine.travel("2030-01-01T00:00:59Z", tick=False) as now:
        of = made(LIMIT_SIGN_IN="3/minute")
        taken = of.attempts.take_failure(KEY)
        assert taken is not None
        now.shift(2)
        of.counters.give_back(taken)
        assert [tried(of, WRONG) for _ in range(4)] == ["login_failed"] * 3 + ["rate_limited"]
        assert of.attempts.no_failure_left().facts == {"retry_after": 59, "rate_limit": 3}
        now.shift(59)
        assert tried(of) == "done"


def test_failure_counted_in_redis_stays_while_redis_is_away(made: Callable[..., Limits]) -> None:
    with redis_like() as (url, counts):
        of = made(LIMIT_SIGN_IN="3/minute", LIMITS_URL=url)
        taken = of.attempts.take_failure(KEY)
        assert taken is not None
        of.counters.shared.storage.storage.close()  # type: ignore[union-attr]
        of.counters._store_failed(OSError())
        of.counters.give_back(taken)
        assert [tried(of, WRONG) for _ in range(4)] == ["login_failed"] * 3 + ["rate_limited"]
    assert list(counts.values()) == [1]


def test_attempt_is_busy_when_it_waits_too_long_for_others(
    made: Callable[..., Limits], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "PATIENCE", 0.02)
    of = made(LIMIT_SIGN_IN="1/minute")
    assert at_once(lambda: tried(of, seconds=0.2), lambda: tried(of)) == {"done": 1, "busy": 1}
    assert tried(of) == "done"


def test_waiting_for_other_attempts_is_part_of_the_deadline(made: Callable[..., Limits]) -> None:
    of, waited = made(LIMIT_SIGN_IN="1/minute"), list[float]()

    def wait() -> str:
        request = Request({}, "id", ADDRESS)
        with of.admit(request, LogIn, None):
            waited.append(request.waited)
        return "done"

    assert at_once(lambda: tried(of, seconds=0.05), wait) == {"done": 2}
    assert 0.04 < waited[0] < attempts.PATIENCE


@pytest.fixture
def address() -> str:
    """Return a new network."""
    return f"198.51.102.{next(NUMBERS)}"


def signed_in(strict: Hospital, address: str, email: str, password: str) -> requests.Response:
    """Sign in from a network."""
    body = {"email": email, "password": password}
    return requests.post(strict.url + LOGIN, json=body, headers={"X-Forwarded-For": address}, timeout=20)


@pytest.fixture
def known(strict_token: Callable[..., str]) -> SimpleNamespace:
    """Return an account of the strict hospital."""
    assert strict_token("patient")
    return SimpleNamespace(email="asha@gateway.example", password=PASSWORD)


def test_sign_in_succeeds_for_a_ward_behind_one_address(strict: Hospital, address: str, known: SimpleNamespace) -> None:
    right = [signed_in(strict, address, known.email, known.password).status_code for _ in range(5)]
    wrong = [signed_in(strict, address, f"{number}@x.example", "a guess").status_code for number in range(4)]
    assert (right, wrong) == ([200] * 5, [401] * 3 + [429])
    assert signed_in(strict, address, known.email, known.password).status_code == 429


def test_successes_are_free_only_where_they_send_and_reveal_nothing() -> None:
    assert {LogIn, VerifyMfa, ResetPassword} == limits.GUESSED
    assert not limits.GUESSED & limits.MAILED
