"""Refusals of a service, which reveal no unexpected exception."""

import logging
from dataclasses import replace
from typing import Any

import eventlet
import orjson
import pytest

from chassis.errors import Internal
from gateway.rpc import PREFIX, SUFFIX
from tests.broker.place import Place, Raw, refusal, soon, taken
from tests.ward import Steps, Ward

PRIVATE = "Asha Rao has measles"


MALFORMED = (b"not json", b"[]", b'{"kwargs": {}}', b'{"args": [], "kwargs": []}', b"\xff\xfe", b"")


def test_malformed_request_is_refused(place: Place, raw: Raw) -> None:
    place.serve(Ward)
    codes = [raw.ask("ward", "greet", body)["error"]["exc_args"][0] for body in MALFORMED]
    assert codes == ["malformed"] * len(MALFORMED)


def test_positional_arguments_are_refused(place: Place, raw: Raw) -> None:
    place.serve(Ward)
    body = orjson.dumps({"args": ["you"], "kwargs": {}})
    assert raw.ask("ward", "greet", body)["error"]["exc_args"][0] == "malformed"


@pytest.mark.parametrize("deadline", ["soon", ["1"], "nan", "-inf", {"at": 1}, "1e999"])
def test_invalid_deadline_is_refused_and_stops_no_service(place: Place, raw: Raw, deadline: Any) -> None:
    place.serve(Ward)
    body = orjson.dumps({"args": [], "kwargs": {}})
    answer = raw.ask("ward", "greet", body, {"nameko.deadline": deadline})
    assert answer["error"]["exc_args"][0] == "malformed"
    assert raw.ask("ward", "greet", b"[]")["error"]["exc_args"][0] == "malformed"


def test_unknown_method_is_refused(place: Place) -> None:
    place.serve(Ward)
    client = place.client()
    assert refusal(lambda: client.call("ward", "burn_down", {}, place.nurse(), 5.0).result).code == "no_such_method"


def test_call_to_a_service_that_never_ran_fails_at_once(place: Place) -> None:
    place.serve(Ward)
    client = place.client()
    assert refusal(lambda: client.call("cellar", "greet", {}, place.nurse(), 60.0)).code == "service_down"


def test_service_refuses_a_command_of_another_role(place: Place) -> None:
    place.serve(Ward)
    call, client = replace(place.nurse(), token=place.mint.token("visitor")), place.client()
    assert refusal(lambda: client.call("ward", "write_note", {"text": "x"}, call, 5.0).result).code == "role_missing"


def test_service_refuses_a_forged_token(place: Place) -> None:
    place.serve(Ward)
    call, client = place.nurse(), place.client()
    call = replace(call, token=call.token[:-8] + "AAAAAAAA")
    assert refusal(lambda: client.call("ward", "write_note", {"text": "x"}, call, 5.0).result).code == "token_invalid"


def test_unexpected_exception_is_masked(
    place: Place, steps: Steps, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise RuntimeError(PRIVATE)

    steps.write = fail
    place.serve(Ward)
    client = place.client()
    with caplog.at_level(logging.DEBUG):
        reply = client.call("ward", "write_note", {"text": "x"}, place.nurse(), 5.0)
    assert isinstance(refusal(lambda: reply.result), Internal)
    assert PRIVATE not in reply.body.decode() + "".join(capfd.readouterr()) + caplog.text


def test_service_cannot_answer_for_another_service(place: Place, raw: Raw) -> None:
    client = place.client()
    with taken(raw, "ward") as asked:
        waiting = [eventlet.spawn(refusal, lambda: client.call("ward", "greet", {}, place.nurse(), 1.0)) for _ in "ab"]
        soon(lambda: len(asked) == len(waiting))
        ids = {request.properties["correlation_id"] for request in asked}
        other = Raw(place.url)
        for guess in map(str, range(1, 9)):
            other.send(PREFIX + b"1" + SUFFIX, asked[0].properties["reply_to"], correlation_id=guess)
        codes = [one.wait().code for one in waiting]
        other.close()
    assert codes == ["no_answer", "no_answer"]
    assert all(len(one) == 32 for one in ids)
