"""Refusals cross a service's border whole; nothing else crosses it."""

import orjson
import pytest
from nameko.exceptions import deserialize, serialize

from chassis import errors
from chassis.errors import Internal, MatronError
from chassis.refusals import INTERNAL
from gateway.rpc import Reply

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, MatronError) and kind not in (MatronError, errors.NotYet)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda one: one.__name__)
def test_refusal_is_equal_after_serialization(kind: type[MatronError]) -> None:
    sent = kind("a_code", "A sentence.", {"errors": {"text": ["Wrong."]}, "retry_after": 2})
    got = deserialize(orjson.loads(orjson.dumps(sent.as_dict())))
    assert (type(got), got.code, got.detail, got.facts) == (kind, sent.code, sent.detail, sent.facts)
    assert sent.as_dict().keys() == serialize(sent).keys()


def test_kinds_have_a_status_each_that_is_no_success() -> None:
    statuses = [kind.status for kind in KINDS]
    assert len(set(statuses)) == len(statuses)
    assert all(400 <= status < 600 for status in statuses)


def test_internal_error_has_no_facts() -> None:
    assert (INTERNAL().code, INTERNAL().facts) == ("internal", {})


@pytest.mark.parametrize(
    "told",
    [
        {"exc_type": "ValueError", "exc_path": "builtins.ValueError", "exc_args": ["Asha Rao"], "value": "Asha Rao"},
        {"exc_type": "Internal", "exc_path": "chassis.errors.Internal", "exc_args": ["x", "Asha Rao", {}], "value": ""},
    ],
    ids=["a foreign exception", "somebody else's Internal"],
)
def test_foreign_errors_are_masked_again(told: dict[str, object]) -> None:
    reply = Reply(orjson.dumps({"result": None, "error": told}), {})
    with pytest.raises(Internal) as error:
        assert reply.result
    assert "Asha" not in str(error.value.args)


@pytest.mark.parametrize("result", [None, 1, "text", {"a": [1, {"error": None}]}, ',"error":null}'], ids=str)
def test_the_bytes_of_a_result_are_its_json(result: object) -> None:
    reply = Reply(orjson.dumps({"result": result, "error": None}), {})
    assert orjson.loads(reply.result_bytes) == reply.result == result


def test_the_result_of_a_nameko_service_is_read_however_it_is_spaced() -> None:
    reply = Reply(b'{"result": {"a": 1}, "error": null}', {})
    assert reply.result_bytes == b'{"a":1}'
