"""What a service answers with, whatever a use case returned."""

from typing import Any

import orjson

from chassis.execution.entrypoints import Served


class Link:
    """Takes the answer in place of the broker."""

    service = "ward"

    def reply(self, _message: Any, body: bytes, headers: dict[str, str]) -> None:
        """Keep it."""
        self.body, self.headers = orjson.loads(body), headers


def answered(result: Any) -> Link:
    """What goes out for a result."""
    served = object.__new__(Served)
    served.broker = Link()
    served._answer(None, result, None)
    return served.broker


def test_reply_carries_the_revision_of_its_result() -> None:
    link = answered({"revision": 3})
    assert (link.body, link.headers) == ({"result": {"revision": 3}, "error": None}, {"revision": "3"})


def test_a_result_that_cannot_be_written_is_an_internal_error_and_does_not_end_the_process() -> None:
    for odd in ({1: "a key that is no text"}, object(), 2**70):
        assert answered(odd).body["error"]["exc_args"][0] == "internal"
