"""A gateway asks auth for all ended sessions when it starts to listen, and then for the newest."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import eventlet
import pytest

from chassis import clock
from chassis.errors import Unavailable
from gateway import revocations
from gateway.revocations import OVERLAP, TokenChecks
from tests.broker.place import soon
from tokens.revoked import Revoked

Asked = list[dict[str, Any]]


class Auth:
    """Answers that no session has ended, or fails."""

    def __init__(self) -> None:
        self.asked: Asked = []
        self.is_away = False

    def call(self, _service: str, _method: str, payload: dict[str, Any], *_more: Any) -> Any:
        """Record the request of a gateway."""
        self.asked.append(payload)
        if self.is_away:
            raise Unavailable("service_down", "It is away.")
        return SimpleNamespace(result={"items": []})


@pytest.fixture
def auth() -> Auth:
    """Return the auth service."""
    return Auth()


@pytest.fixture
def checks(auth: Auth, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenChecks]:
    """Start a gateway that asks all the time."""
    for name in ("AGAIN_SECONDS", "LOOK_SECONDS"):
        monkeypatch.setattr(revocations, name, 0.001)
    checks = TokenChecks()
    checks.calling, checks.revoked, checks.listenings = SimpleNamespace(client=auth), Revoked(), 1
    asking = eventlet.spawn(checks._watch)
    yield checks
    asking.kill()


def test_gateway_asks_for_all_ended_sessions_and_then_for_the_newest(checks: TokenChecks, auth: Auth) -> None:
    soon(lambda: len(auth.asked) > 2)
    assert auth.asked[0] == {}
    assert all("since" in one for one in auth.asked[1:])


def test_gateway_asks_for_the_whole_outage_when_auth_is_back(
    checks: TokenChecks, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = clock.now()
    monkeypatch.setattr(clock, "now", lambda: start)
    soon(lambda: auth.asked[-1:] == [{"since": (start - OVERLAP).isoformat()}])
    auth.is_away = True
    monkeypatch.setattr(clock, "now", lambda: start + 10 * OVERLAP)
    before = len(auth.asked)
    soon(lambda: len(auth.asked) > before + 3)
    assert auth.asked[-1] == {"since": (start - OVERLAP).isoformat()}
    auth.is_away = False
    soon(lambda: auth.asked[-1] == {"since": (start + 9 * OVERLAP).isoformat()})


def test_gateway_asks_for_all_ended_sessions_after_it_listens_again(checks: TokenChecks, auth: Auth) -> None:
    soon(lambda: len(auth.asked) > 2)
    auth.is_away = True
    checks.listenings += 1
    before = len(auth.asked)
    soon(lambda: len(auth.asked) > before + 3)
    assert auth.asked[-1] == {}
