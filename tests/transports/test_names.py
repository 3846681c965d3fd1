"""Name look-ups: in threads, with a time limit, with the last known answer."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any

import eventlet
import pytest
from eventlet import patcher, tpool

from tests.broker.place import soon
from transports import names
from transports.names import Resolver

native = patcher.original("threading")
ADDRESS = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 5432))]


class Servers:
    """Name servers that answer, refuse or stay silent. They block a native thread, like the system's resolver."""

    def __init__(self) -> None:
        self.speaks = native.Event()
        self.speaks.set()
        self.answer: Any = ADDRESS
        self.calls = 0

    def look_up(self, *_arguments: Any) -> Any:
        """Answer like the system's resolver."""
        self.calls += 1
        self.speaks.wait(20)
        if isinstance(self.answer, OSError):
            raise self.answer
        return self.answer


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    monkeypatch.setattr(names, "FIRST_SECONDS", 0.2)
    monkeypatch.setattr(names, "AGAIN_SECONDS", 0.1)
    servers = Servers()
    yield servers
    servers.speaks.set()


@pytest.fixture
def resolver() -> Resolver:
    return Resolver()


@pytest.fixture
def ask(servers: Servers, resolver: Resolver) -> Callable[..., Any]:
    """Look up the address of a host."""
    return lambda name="db": resolver.ask(servers.look_up, name, 5432)


def test_name_is_looked_up(ask: Callable[..., Any]) -> None:
    assert ask() == ADDRESS


def test_other_green_threads_run_during_a_slow_look_up(servers: Servers, ask: Callable[..., Any]) -> None:
    servers.speaks.clear()
    ticks = []

    def tick() -> None:
        while True:
            eventlet.sleep(0.01)
            ticks.append(monotonic())

    ticking = eventlet.spawn(tick)
    with pytest.raises(socket.gaierror):
        ask()
    ticking.kill()
    assert len(ticks) > 5


def test_first_look_up_fails_after_its_limit_and_the_next_at_once(
    servers: Servers, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.speaks.clear()
    with pytest.raises(socket.gaierror) as caught:
        ask()
    monkeypatch.setattr(names, "FIRST_SECONDS", 0.0)
    with pytest.raises(socket.gaierror):
        ask()
    assert (caught.value.errno, servers.calls) == (socket.EAI_AGAIN, 1)


def test_last_known_address_is_used_while_no_name_server_answers(servers: Servers, ask: Callable[..., Any]) -> None:
    ask()
    servers.speaks.clear()
    servers.answer = []
    assert ask() == ADDRESS


def test_last_known_address_is_used_when_the_look_up_fails(servers: Servers, ask: Callable[..., Any]) -> None:
    ask()
    servers.answer = socket.gaierror(socket.EAI_NONAME, "gone")
    assert ask() == ADDRESS


def test_fresh_answer_replaces_the_last_known_address(servers: Servers, ask: Callable[..., Any]) -> None:
    ask()
    servers.answer = [*ADDRESS, *ADDRESS]
    assert ask() == [*ADDRESS, *ADDRESS]


def test_late_answer_is_kept_for_the_next_caller(servers: Servers, ask: Callable[..., Any], resolver: Resolver) -> None:
    servers.speaks.clear()
    with pytest.raises(socket.gaierror):
        ask()
    servers.speaks.set()
    soon(lambda: not resolver.pending)
    servers.speaks.clear()
    assert ask() == ADDRESS


def test_failed_look_up_raises_the_error_of_the_resolver(servers: Servers, ask: Callable[..., Any]) -> None:
    servers.answer = socket.gaierror(socket.EAI_NONAME, "no such name")
    with pytest.raises(socket.gaierror) as caught:
        ask()
    assert caught.value.errno == socket.EAI_NONAME


def test_callers_share_the_look_up_of_a_name(servers: Servers, ask: Callable[..., Any]) -> None:
    servers.speaks.clear()
    asking = [eventlet.spawn(ask) for _ in range(10)]
    eventlet.sleep(0.01)
    servers.speaks.set()
    assert ([one.wait() for one in asking], servers.calls) == ([ADDRESS] * 10, 1)


def test_hanging_look_ups_use_a_limited_number_of_threads(
    servers: Servers, ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "MOST_LOOK_UPS", 3)
    servers.speaks.clear()
    asking = [eventlet.spawn(ask, f"host-{number}") for number in range(9)]
    for one in asking:
        with pytest.raises(socket.gaierror):
            one.wait()
    assert servers.calls == 3


def test_localhost_is_looked_up_once(servers: Servers, ask: Callable[..., Any]) -> None:
    ask("localhost")
    ask("localhost")
    assert servers.calls == 1


def test_state_of_a_name_is_reported_once_for_each_change(
    servers: Servers, ask: Callable[..., Any], resolver: Resolver
) -> None:
    said: list[tuple[str, str]] = []
    resolver.tell = lambda name, state: said.append((name, state))
    for refusing in (True, True, False, False, True, True, False):
        servers.answer = socket.gaierror(socket.EAI_AGAIN, "") if refusing else ADDRESS
        with suppress(socket.gaierror):
            ask()
    assert said == [("db", state) for state in ("unknown", "answered", "last known", "answered")]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", None])
def test_numeric_address_needs_no_look_up(host: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names.RESOLVER, "ask", lambda *_: pytest.fail("it was looked up"))
    assert socket.getaddrinfo(host, 80, type=socket.SOCK_STREAM)[0][4][1] == 80


@pytest.mark.parametrize(
    "look_up",
    [
        lambda: socket.create_connection(("db.example", 5432), timeout=5),
        lambda: socket.getaddrinfo("db.example", 5432, proto=socket.IPPROTO_TCP),
        lambda: socket.gethostbyname("db.example"),
        lambda: socket.gethostbyname_ex("db.example"),
        lambda: socket.gethostbyaddr("192.0.2.7"),
        lambda: socket.getnameinfo(("192.0.2.7", 80), 0),
        lambda: socket.getfqdn("192.0.2.7"),
    ],
)
def test_all_look_ups_of_python_use_the_resolver(look_up: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names.RESOLVER, "ask", lambda *_: _asked())
    with pytest.raises(Asked):
        look_up()


class Asked(Exception):
    """Record the questions to the resolver of this process."""


def _asked() -> Any:
    raise Asked


def test_native_thread_calls_the_resolver_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names.RESOLVER, "ask", lambda *_: _asked())
    assert tpool.execute(names._in_thread, lambda name: name, "db") == "db"
