"""Bodies are read piece by piece, and a budget bounds the bytes of large bodies."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from chassis.errors import Unavailable
from gateway.server.bodies import PIECE, Body, Budget
from tests.gateway.wire import Wire
from tests.hospital import Hospital, eventually

MOST = 1024 * 1024


class Source(io.BytesIO):
    """A connection that records the size of each read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.sizes: list[int] = []

    def read(self, size: int | None = -1, /) -> bytes:
        """Record the size, and read."""
        self.sizes.append(size or 0)
        return super().read(size)


def body_of(data: bytes, length: int, budget: Budget) -> tuple[Body, Source]:
    """Return a body of `length` bytes, of which `data` has arrived."""
    source = Source(data)
    body = Body(source, str(length), None)
    body.budget = budget
    return body, source


def chunked(data: bytes, budget: Budget) -> Body:
    """Return a body in one chunk."""
    body = Body(io.BytesIO(b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)), None, None, chunked_input=True)
    body.budget = budget
    return body


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, MOST])
def test_body_is_read_whole_in_pieces(size: int) -> None:
    data, budget = bytes(range(256)) * (size // 256) + b"x" * (size % 256), Budget()
    body, source = body_of(data, size, budget)
    assert body.whole(MOST) == data == chunked(data, budget).whole(MOST)
    assert max(source.sizes, default=0) <= PIECE


def test_budget_covers_only_bytes_that_have_arrived() -> None:
    budget = Budget(PIECE)
    body, _ = body_of(b"x" * (PIECE + 1), MOST, budget)
    assert len(body.whole(MOST)) == PIECE + 1
    assert budget.left == 0  # Only the piece after the first, and not a whole mebibyte.


def test_large_body_is_refused_when_budget_is_used_up() -> None:
    budget = Budget(PIECE)
    first, second, small = (body_of(b"x" * size, size, budget)[0] for size in (2 * PIECE, 2 * PIECE, PIECE))
    first.whole(MOST)
    with pytest.raises(Unavailable) as refused:
        second.whole(MOST)
    assert (refused.value.code, refused.value.facts) == ("busy", {"retry_after": 1})
    assert len(small.whole(MOST)) == PIECE


def test_budget_is_returned_when_request_is_answered() -> None:
    budget = Budget(PIECE)
    for _ in range(3):
        body, _ = body_of(b"x" * 2 * PIECE, 2 * PIECE, budget)
        body.whole(MOST)
        body.release()
    assert budget.left == PIECE


def test_budget_is_returned_when_body_is_incomplete() -> None:
    budget = Budget(10 * PIECE)
    body, _ = body_of(b"x" * 2 * PIECE, MOST, budget)
    body.whole(MOST)
    body.release()
    body.release()
    assert budget.left == 10 * PIECE


def test_gateway_answers_others_when_large_bodies_use_up_the_budget(
    hospital: Hospital, wire: Callable[..., Wire], token: Callable[..., str]
) -> None:
    head = f"PATCH /api/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token('patient')}\r\n"
    opened: list[Any] = [wire() for _ in range(80)]
    for one in opened:
        one.send(f"{head}Content-Length: {MOST}\r\n\r\n".encode() + b" " * (MOST - 1))
    assert hospital.call("GET", "/api/users/me", token=token("patient")).status_code == 200
    large = lambda: hospital.call("PATCH", "/api/users/me", token=token("patient"), data=b" " * (MOST - 2) + b"{}")  # noqa: E731  a request that is sent twice
    eventually(lambda: large().status_code == 503)  # After the gateway has read the other bodies.
    small = hospital.call("PATCH", "/api/users/me", token=token("patient"), json={})
    assert (small.status_code, large().headers["Retry-After"]) == (200, "1")
    for one in opened:
        one.close()
    eventually(
        lambda: hospital.call("PATCH", "/api/users/me", token=token("patient"), data=b" " * MOST).status_code != 503
    )
