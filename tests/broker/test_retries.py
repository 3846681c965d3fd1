"""Retries of a failing handler: with growing delays, and a dead letter at the end."""

import logging
import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Unavailable
from chassis.execution import entrypoints
from chassis.messaging.delivery import MAX_DELIVERIES, bytes_of
from tests.broker.place import Place, Raw, soon
from tests.ward import Desk, Steps, Ward

DEAD, QUEUE = "dead-desk", "evt-ward-note_written--desk.on_note_written"
PRIVATE = "Asha Rao has measles"


@pytest.fixture
def failing(steps: Steps) -> Callable[[int, Exception], list[float]]:
    """Make the handler fail `number` times. Return the times of its attempts."""

    def fail(times: int, error: Exception) -> list[float]:
        tries: list[float] = []

        def step() -> None:
            tries.append(time.monotonic())
            if len(tries) <= times:
                raise error

        steps.hear = step
        return tries

    return fail


def test_failed_event_is_retried_until_it_succeeds(
    place: Place, failing: Callable[[int, Exception], list[float]]
) -> None:
    tries = failing(2, RuntimeError(PRIVATE))
    place.serve(Ward, Desk)
    note = place.write(place.client())
    soon(place.heard)
    assert ([str(one.note_id) for one in place.heard()], len(tries)) == ([note["id"]], 3)


def test_delays_are_those_of_the_settings(place: Place, failing: Callable[[int, Exception], list[float]]) -> None:
    tries = failing(2, RuntimeError(PRIVATE))
    place.serve(Ward, Desk)
    place.write(place.client())
    soon(place.heard)
    assert tries[1] - tries[0] >= 0.1
    assert tries[2] - tries[1] >= 0.3


def test_failed_event_does_not_delay_other_events(
    broker_url: str, open_place: Callable[..., Place], failing: Callable[[int, Exception], list[float]]
) -> None:
    tries = failing(1, RuntimeError(PRIVATE))
    place = open_place(broker_url, retry_delays=(60.0,))
    place.serve(Ward, Desk)
    client = place.client()
    place.write(client, "first")
    soon(lambda: tries)
    second = place.write(client, "second")["id"]
    assert [str(one.note_id) for one in soon(place.heard)] == [second]


@pytest.mark.parametrize(
    ("error", "told"),
    [(RuntimeError(PRIVATE), ("RuntimeError", "internal")), (Conflict("no_room", "Full."), ("Conflict", "no_room"))],
    ids=["unexpected", "a refusal"],
)
def test_failing_handler_leaves_a_dead_letter_with_the_reason(
    place: Place,
    raw: Raw,
    failing: Callable[[int, Exception], list[float]],
    error: Exception,
    told: tuple[str, str],
) -> None:
    tries = failing(99, error)
    place.serve(Ward, Desk)
    note = place.write(place.client())
    letter = raw.wait(DEAD)
    assert (letter.headers["x-error"], letter.headers["x-code"]) == told
    assert (letter.headers["x-queue"], letter.headers["x-attempt"], len(tries)) == (QUEUE, 3, 3)
    assert orjson.loads(letter.body) == {"note_id": note["id"]}


def test_exception_text_is_in_no_header_and_no_log(
    place: Place,
    raw: Raw,
    failing: Callable[[int, Exception], list[float]],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    failing(99, RuntimeError(PRIVATE))
    with caplog.at_level(logging.DEBUG):
        place.serve(Ward, Desk)
        place.write(place.client())
        letter = raw.wait(DEAD)
    assert "measles" not in str(letter.headers) + "".join(capfd.readouterr()) + caplog.text


GOOD = {
    "ce-id": str(uuid7()),
    "ce-source": "/ward",
    "ce-type": "note_written",
    "ce-sequence": "1",
    "ce-time": "2026-11-22T09:00:00+00:00",
    "ce-subject": "s",
    "ce-correlationid": "c",
}


NOTE = orjson.dumps({"note_id": str(uuid7())})
UNREADABLE = {
    "no JSON": (b"measles, not JSON", GOOD),
    "wrong data": (b'{"note_id": "measles"}', GOOD),
    "no object": (b'["measles"]', GOOD),
    "no UTF-8": (b'{"note_id": "\xff measles"}', GOOD),
    "no event of ours": (NOTE, {}),
    "a broken header": (NOTE, {**GOOD, "ce-id": "measles"}),
}


ODD: list[dict[str, Any]] = [
    *({"x-attempt": said} for said in ("often", [1], {"a": 1}, -7, 10**15, True, 0.5, None)),
    {"x-delivery-count": "often"},
    {"ce-id": [1]},
    {"ce-sequence": {"a": 1}},
    {"ce-time": 7, "x-queue": [QUEUE], "x-error": 1},
]


def test_unreadable_message_is_a_dead_letter_and_never_logged(
    place: Place, raw: Raw, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        place.serve(Ward, Desk)
        for body, headers in UNREADABLE.values():
            raw.send(body, QUEUE, headers=headers)
        letters = [raw.wait(DEAD) for _ in UNREADABLE]
    assert {(one.headers["x-error"], one.headers["x-attempt"]) for one in letters} == {("Undeliverable", 1)}
    assert sorted(bytes_of(one.body) for one in letters) == sorted(body for body, _headers in UNREADABLE.values())
    assert "measles" not in "".join(capfd.readouterr()) + caplog.text


def test_foreign_headers_stop_no_service(place: Place, raw: Raw) -> None:
    place.serve(Ward, Desk)
    for said in ODD:
        raw.send(b"garbage", QUEUE, headers={**GOOD, **said})
    letters = [raw.wait(DEAD) for _ in ODD]
    assert {one.headers["x-error"] for one in letters} == {"Undeliverable"}
    place.write(place.client())
    soon(place.heard)


def test_event_survives_a_database_outage_longer_than_all_retries(
    place: Place, failing: Callable[[int, Exception], list[float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrypoints, "OUTAGE_SECONDS", 0.01)
    tries = failing(8, Unavailable("database_down", "The database cannot be reached."))
    place.serve(Ward, Desk)
    note = place.write(place.client())
    soon(place.heard)
    assert ([str(one.note_id) for one in place.heard()], len(tries)) == ([note["id"]], 9)


def test_event_with_a_forged_attempt_count_is_tried_once(
    place: Place, raw: Raw, failing: Callable[[int, Exception], list[float]]
) -> None:
    tries = failing(99, RuntimeError(PRIVATE))
    place.serve(Ward, Desk)
    raw.send(NOTE, QUEUE, headers={**GOOD, "ce-id": str(uuid7()), "x-attempt": "often"})
    assert (raw.wait(DEAD).headers["x-error"], len(tries)) == ("RuntimeError", 1)


def test_event_that_kills_its_process_becomes_a_dead_letter(place: Place, raw: Raw) -> None:
    place.serve(Ward)
    place.write(place.client())
    for _ in range(MAX_DELIVERIES):
        raw.wait(QUEUE, no_ack=False).requeue()
    place.serve(Desk)
    assert raw.wait(DEAD).headers["x-error"] == "Undeliverable"
    assert place.heard() == []
