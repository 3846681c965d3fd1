"""Of those who sign in behind one address, failures have a strict limit and successes a generous one."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from types import SimpleNamespace

import eventlet
import pytest
import requests
import time_machine
from limits.strategies import FixedWindowRateLimiter

from chassis.errors import Invalid, MatronError, NoAnswer, TooMany, Unauthenticated, Unavailable
from gateway import settings
from gateway.server import limits, sign_in_limits
from gateway.server.limits import Counts, Limits
from gateway.server.replies import Answer
from gateway.server.requests import Request
from tests.gateway.store import redis_like
from tests.hospital import Hospital
from tests.people import PASSWORD

LOGIN = "/api/auth/login"
DONE: Answer = (200, [], b"{}")
WRONG = Unauthenticated("login_failed", "The address or the password is wrong.")
ADDRESS = "192.0.2.1"
PLACES = count(1)
Try = Callable[..., str]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Limits]]:
    """`made(LIMIT_SIGN_IN="3/minute")`: the limits of these settings; the clock stands in the middle of a window."""

    def make(**chosen: str) -> Limits:
        for name, value in chosen.items():
            monkeypatch.setenv(name, value)
        return Limits(settings.load())

    with time_machine.travel("2030-01-01T00:00:30Z", tick=True):
        yield make


def heard(of: Limits, outcome: MatronError | Answer = DONE, *, seconds: float = 0, url: str = LOGIN) -> str:
    """What becomes of a try whose outcome, if it is heard, is this one after some seconds: `done`, or a code."""

    def ask() -> Answer:
        eventlet.sleep(seconds)
        if isinstance(outcome, MatronError):
            raise outcome
        return outcome

    try:
        status, _headers, _body = of.trials.run(Request({}, "id", ADDRESS), url, ask)
    except MatronError as error:
        return error.code
    return "done" if status < 400 else "refused"


def at_once(*tries: Callable[[], str]) -> Counter[str]:
    """How often each outcome comes when all are tried at once."""
    return Counter(thread.wait() for thread in [eventlet.spawn(one) for one in tries])


def test_successes_use_no_failure_up(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="3/minute")
    assert [heard(of) for _ in range(50)] == ["done"] * 50
    assert [heard(of, WRONG) for _ in range(4)] == ["login_failed"] * 3 + ["rate_limited"]
    assert heard(of) == "rate_limited"


def test_a_success_forgives_no_failure(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="3/minute")
    outcomes = [heard(of, outcome) for outcome in (WRONG, DONE) * 4]
    assert outcomes == ["login_failed", "done"] * 2 + ["login_failed"] + ["rate_limited"] * 3


class Distant(Counts):
    """Counts that answer after a moment, as Redis does, while other tries go on."""

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, on the way there; the answer takes as long."""
        eventlet.sleep(0.001)
        counted = super().incr(key, expiry, amount)
        eventlet.sleep(0.001)
        return counted


@pytest.fixture(params=["here", "in Redis"])
def ten(request: pytest.FixtureRequest, made: Callable[..., Limits]) -> Limits:
    """Ten failures a minute, counted here or far away."""
    of = made(LIMIT_SIGN_IN="10/minute")
    of.shared = None if request.param == "here" else FixedWindowRateLimiter(Distant())
    return of


def test_of_a_hundred_guesses_at_once_no_more_are_heard_than_one_after_the_other(ten: Limits) -> None:
    assert at_once(*[lambda: heard(ten, WRONG, seconds=0.02)] * 100) == {"login_failed": 10, "rate_limited": 90}
    assert not ten.trials.tries


def test_a_hundred_colleagues_who_sign_in_at_once_all_get_in(ten: Limits) -> None:
    assert at_once(*[lambda: heard(ten, seconds=0.01)] * 100) == {"done": 100}
    assert [heard(ten, WRONG) for _ in range(11)] == ["login_failed"] * 10 + ["rate_limited"]
    assert not ten.trials.tries


def test_redis_counts_failures_alone(made: Callable[..., Limits]) -> None:
    with redis_like() as (url, counts):
        of = made(LIMIT_SIGN_IN="3/minute", LIMITS_URL=url)
        assert [heard(of, outcome) for outcome in (DONE, WRONG, DONE)] == ["done", "login_failed", "done"]
        of.shared.storage.storage.close()  # type: ignore[union-attr]
    assert sorted(counts.values()) == [1, 3], "one failure, and three tries"


def test_the_right_password_among_guesses_is_told_by_its_answer_alone(ten: Limits) -> None:
    guesses = [lambda: heard(ten, WRONG, seconds=0.03)] * 50
    found = at_once(*guesses[:5], lambda: heard(ten, seconds=0.01), *guesses)
    assert found == {"done": 1, "login_failed": 10, "rate_limited": 45}


def test_the_bound_for_all_tries_holds_for_successes(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="3/minute", LIMIT_SIGN_IN_TRIES="5/minute")
    assert [heard(of) for _ in range(7)] == ["done"] * 5 + ["rate_limited"] * 2
    assert heard(of, url="/api/auth/mfa/verify") == "done"


def test_who_is_over_the_bound_for_all_tries_loses_no_failure(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="3/minute", LIMIT_SIGN_IN_TRIES="1/hour")
    assert [heard(of) for _ in range(5)] == ["done"] + ["rate_limited"] * 4
    held = [of.take_failure(LOGIN, ADDRESS) for _ in range(4)]
    assert [one is not None for one in held] == [True] * 3 + [False]


@pytest.mark.parametrize(
    ("outcome", "counts"),
    [
        (Invalid("invalid", "Some fields are wrong."), True),
        (TooMany("locked", "Wait.", {"retry_after": 9}), True),
        ((422, [], b"<html>"), True),
        (TooMany("rate_limited", "Too many requests."), False),
        (Unavailable("busy", "Too many wait."), False),
        (NoAnswer("no_answer", "No answer came."), False),
    ],
)
def test_what_may_have_been_a_guess_counts(
    made: Callable[..., Limits], outcome: MatronError | Answer, *, counts: bool
) -> None:
    of = made(LIMIT_SIGN_IN="1/minute")
    heard(of, outcome)
    assert heard(of) == ("rate_limited" if counts else "done")


def test_a_try_that_ends_unexpectedly_counts(made: Callable[..., Limits]) -> None:
    of = made(LIMIT_SIGN_IN="1/minute")
    with pytest.raises(ZeroDivisionError):
        of.trials.run(Request({}, "id", ADDRESS), LOGIN, lambda: 1 // 0)  # type: ignore[arg-type,return-value]
    assert heard(of) == "rate_limited"
    assert not of.trials.tries


def test_a_failure_comes_back_to_the_window_that_it_was_taken_from(made: Callable[..., Limits]) -> None:
    with time_machine.travel("2030-01-01T00:00:59Z", tick=False) as now:
        of = made(LIMIT_SIGN_IN="3/minute")
        held = of.take_failure(LOGIN, ADDRESS)
        assert held is not None
        now.shift(2)
        of.give_back(held)
        assert [heard(of, WRONG) for _ in range(4)] == ["login_failed"] * 3 + ["rate_limited"]
        assert of.no_failure_left().facts == {"retry_after": 59, "rate_limit": 3}
        now.shift(59)
        assert heard(of) == "done"


def test_a_failure_that_redis_counted_stays_while_redis_is_away(made: Callable[..., Limits]) -> None:
    with redis_like() as (url, counts):
        of = made(LIMIT_SIGN_IN="3/minute", LIMITS_URL=url)
        held = of.take_failure(LOGIN, ADDRESS)
        assert held is not None
        of.shared.storage.storage.close()  # type: ignore[union-attr]
        of._store_failed(OSError())
        of.give_back(held)
        assert [heard(of, WRONG) for _ in range(4)] == ["login_failed"] * 3 + ["rate_limited"]
    assert list(counts.values()) == [1]


def test_what_was_forgotten_meanwhile_gives_nobody_a_try_more() -> None:
    counts = Counts()
    counts.incr("failure", 60, -1)
    assert counts.incr("failure", 60) == 1


def test_who_waits_too_long_for_others_of_the_address_is_told_to_come_back(
    made: Callable[..., Limits], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_limits, "PATIENCE", 0.02)
    of = made(LIMIT_SIGN_IN="1/minute")
    assert at_once(lambda: heard(of, seconds=0.2), lambda: heard(of)) == {"done": 1, "busy": 1}
    assert heard(of) == "done"


def test_waiting_is_part_of_the_deadline(made: Callable[..., Limits]) -> None:
    of, waited = made(LIMIT_SIGN_IN="1/minute"), list[float]()

    def wait() -> str:
        request = Request({}, "id", ADDRESS)
        of.trials.run(request, LOGIN, lambda: DONE)
        waited.append(request.waited)
        return "done"

    assert at_once(lambda: heard(of, seconds=0.05), wait) == {"done": 2}
    assert 0.04 < waited[0] < sign_in_limits.PATIENCE


@pytest.fixture
def place() -> str:
    """A network that nobody has asked from before."""
    return f"198.51.102.{next(PLACES)}"


def signed_in(strict: Hospital, place: str, email: str, password: str) -> requests.Response:
    """The answer to somebody there who signs in."""
    body = {"email": email, "password": password}
    return requests.post(strict.url + LOGIN, json=body, headers={"X-Forwarded-For": place}, timeout=20)


@pytest.fixture
def known(strict_token: Callable[..., str]) -> SimpleNamespace:
    """Somebody with an account in the strict hospital."""
    assert strict_token("patient")
    return SimpleNamespace(email="asha@gateway.example", password=PASSWORD)


def test_a_ward_behind_one_address_signs_in(strict: Hospital, place: str, known: SimpleNamespace) -> None:
    right = [signed_in(strict, place, known.email, known.password).status_code for _ in range(5)]
    wrong = [signed_in(strict, place, f"{number}@x.example", "a guess").status_code for number in range(4)]
    assert (right, wrong) == ([200] * 5, [401] * 3 + [429])
    assert signed_in(strict, place, known.email, known.password).status_code == 429


def test_only_where_a_success_sends_nothing_and_tells_nothing_are_successes_free() -> None:
    assert {LOGIN, "/api/auth/mfa/verify", "/api/auth/reset-password"} == limits.GUESSED
    assert not limits.GUESSED & limits.SENT
