"""Requests to a provider: statuses, forms and time limits."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.providers import rest
from services.billing.providers.port import ProviderDownError, ProviderRefusedError
from services.billing.providers.rest import Api
from tests.sandboxes.receiver import Receiver
from tests.servers.processes import free_ports


@pytest.mark.parametrize("status", [500, 503, 429, 408, 401, 302, 200])
def test_reply_without_a_result_means_the_provider_is_down(status: int) -> None:
    with Receiver(status) as server, pytest.raises(ProviderDownError):
        Api(server.url, "key").post("", b"{}")
    assert len(server.received) == 1


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_client_error_is_a_refusal(status: int) -> None:
    with Receiver(status) as server, pytest.raises(ProviderRefusedError, match=str(status)):
        Api(server.url, "key").post("", b"{}")
    assert server.received[0].headers["authorization"] == "Bearer key"


def test_closed_port_means_the_provider_is_down() -> None:
    (port,) = free_ports(1)
    with pytest.raises(ProviderDownError, match="ConnectionError"):
        Api(f"http://127.0.0.1:{port}", "key").get("/")


def test_call_without_time_left_sends_nothing() -> None:
    with Receiver() as server, pytest.raises(ProviderDownError, match="no time"):
        Api(server.url, "key", seconds=0).post("", b"{}")
    assert not server.received


def test_time_limit_stays_below_the_deadline_of_callers() -> None:
    assert rest.CALL_SECONDS < 12


@pytest.fixture
def endless() -> Iterator[str]:
    """Yield the address of a server that sends a byte of its reply every 50 ms, without end."""
    ended = threading.Event()

    class Connection(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with suppress(ConnectionError):
                while not ended.wait(0.05):
                    self.wfile.write(b" ")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  a name of http.server
            """Write no log of requests."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Connection)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    ended.set()
    server.shutdown()
    server.server_close()


def test_silent_server_is_asked_twice_within_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rest, "READ_SECONDS", 0.3)
    began = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ProviderDownError, match="Timeout"):
        Api(f"http://127.0.0.1:{silent.getsockname()[1]}", "key", seconds=2).get("/")
    assert 0.6 <= time.monotonic() - began < 1.5


def test_endless_reply_costs_no_more_than_the_time_limit(endless: str) -> None:
    began = time.monotonic()
    with pytest.raises(ProviderDownError, match="too slow"):
        Api(endless, "key", seconds=0.5).get("/")
    assert time.monotonic() - began < 2


def test_reason_of_a_refusal_is_short() -> None:
    error = rest._refusal(400, {"message": "too  long\n" * 500, "code": "bad"})
    assert len(str(error)) < 250
    assert error.code == "bad"


def test_fractions_are_decimal_numbers() -> None:
    assert rest.parsed(b'{"amount": 0.1}')["amount"] == Decimal("0.1")


@pytest.mark.parametrize("body", [b"[]", b"1", b"", b"{", b'{"a": NaN}', b'{"a": Infinity}', b"\xff"])
def test_text_without_a_json_object_cannot_be_read(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        rest.parsed(body)


@given(st.binary())
def test_bytes_are_an_object_or_a_value_error(body: bytes) -> None:
    try:
        found = rest.parsed(body)
    except ValueError:
        return
    assert isinstance(found, dict)


@pytest.mark.parametrize(("value", "expected"), [("a", "a"), (7, "7"), (0, "0"), ("", None), (True, None), (1.5, None)])
def test_field_is_a_text_or_a_whole_number(value: object, expected: str | None) -> None:
    assert rest.text({"name": value}, "name") == expected
