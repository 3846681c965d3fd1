"""Every call ends by its deadline, also without the service, and leaves nothing in the client."""

import time
from collections import Counter

import eventlet
import pytest

from chassis.call import Call
from chassis.errors import MatronError
from gateway.rpc import RpcClient
from tests.broker.place import Place, Raw, refusal, soon, taken
from tests.ward import Steps, Ward

SECONDS = 0.4
LATE = 0.5


def outcome(client: RpcClient, seconds: float = SECONDS) -> str:
    """The code of the refusal of a call. AssertionError if the call exceeds its deadline."""
    began = time.monotonic()
    try:
        client.call("ward", "greet", {}, Call(request_id="r"), seconds)
        code = "answered"
    except MatronError as error:
        code = error.code
    assert time.monotonic() - began < seconds + LATE
    return code


def test_call_to_a_stopped_service_ends_in_time(place: Place) -> None:
    [container] = place.serve(Ward)
    client = place.client()
    container.stop()
    assert outcome(client) == "no_answer"


def test_call_to_a_silent_service_ends_in_time(place: Place, raw: Raw) -> None:
    with taken(raw, "ward") as got:
        assert outcome(place.client()) == "no_answer"
    assert len(got) == 1


def test_call_ends_in_time_when_its_answer_is_lost(place: Place, raw: Raw) -> None:
    client = place.client()
    with taken(raw, "ward") as got:
        call = eventlet.spawn(outcome, client)
        soon(lambda: got)[0].ack()
        assert call.wait() == "no_answer"


def test_call_to_a_killed_service_ends_in_time(place: Place, steps: Steps) -> None:
    [container] = place.serve(Ward)
    client, begun = place.client(), eventlet.event.Event()
    steps.greet = lambda: (begun.send(None), eventlet.sleep(60))[0]
    call = eventlet.spawn(outcome, client)
    begun.wait()
    steps.greet = lambda: None
    container.kill()
    assert call.wait() in ("no_answer", "internal")


def test_two_hundred_calls_to_a_silent_service_end_in_time(place: Place, raw: Raw) -> None:
    client = place.client()
    with taken(raw, "ward"):
        calls = [eventlet.spawn(outcome, client, 1.0) for _ in range(200)]
        assert Counter(call.wait() for call in calls) == {"no_answer": 200}


def test_two_hundred_calls_at_once_are_all_answered(place: Place) -> None:
    place.serve(Ward)
    client = place.client()
    calls = [eventlet.spawn(outcome, client, 5.0) for _ in range(200)]
    assert Counter(call.wait() for call in calls) == {"answered": 200}
    assert client.waiting == {}


@pytest.mark.parametrize("ending", ["no answer", "no queue", "answered"])
def test_ended_call_leaves_nothing_in_the_client(
    place: Place, raw: Raw, ending: str, request: pytest.FixtureRequest
) -> None:
    client = place.client()
    if ending == "answered":
        place.serve(Ward)
        outcome(client, 5.0)
    elif ending == "no answer":
        with taken(raw, "ward"):
            outcome(client)
    else:
        place.serve(Ward)
        refusal(lambda: client.call("cellar", "greet", {}, Call(), 5.0))
    assert client.waiting == {}


def test_service_does_not_start_a_call_that_its_caller_gave_up(place: Place, steps: Steps) -> None:
    [container] = place.serve(Ward)
    begun: list[str] = []
    steps.write = lambda: begun.append("begun")
    client = place.client()
    container.stop()
    call = place.nurse()
    assert refusal(lambda: client.call("ward", "write_note", {"text": "late"}, call, SECONDS)).code == "no_answer"
    place.serve(Ward)
    place.client().call("ward", "greet", {}, Call(), 5.0)
    assert begun == []


def test_late_request_is_refused_before_it_starts(place: Place, raw: Raw, steps: Steps) -> None:
    begun: list[str] = []
    steps.write = lambda: begun.append("begun")
    place.serve(Ward)
    headers = {"nameko.auth_token": place.mint.token("nurse"), "nameko.deadline": f"{time.time() - 1:.3f}"}
    queue = raw.listen("nameko-rpc", "me")
    body = b'{"args": [], "kwargs": {"text": "late"}}'
    raw.send(body, "ward.write_note", "nameko-rpc", headers=headers, reply_to="me", correlation_id="1")
    assert b"no_answer" in _bytes(raw.wait(queue).body)
    assert begun == []


def _bytes(body: str | bytes) -> bytes:
    return body if isinstance(body, bytes) else body.encode()


def test_late_answer_is_ignored(place: Place, steps: Steps) -> None:
    place.serve(Ward)
    client, released = place.client(), eventlet.event.Event()
    steps.greet = released.wait
    assert outcome(client) == "no_answer"
    steps.greet = lambda: None
    released.send(None)
    assert outcome(client, 5.0) == "answered"
