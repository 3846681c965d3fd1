"""What the broker refuses is told in the broker's words: they name the thing, and nothing of a message."""

from typing import Any

import eventlet
import pytest

from tests.broker.place import Raw, soon
from transports.links import Link


@pytest.mark.servers
def test_a_refused_declaration_is_told_with_what_was_refused(amqp_url: str) -> None:
    raw, told = Raw(amqp_url), list[tuple[str, str]]()
    raw.channel.queue_declare("odd", durable=True, auto_delete=False)

    def set_up(channel: Any) -> None:
        channel.queue_declare("odd", durable=False, auto_delete=False)

    link = Link(amqp_url, set_up, tell=lambda event, error: told.append((event, error)))
    link.start()
    soon(lambda: told)
    link.stop()
    eventlet.sleep(0)
    raw.close()
    [(event, error)] = told[:1]
    assert event == "refused"
    assert "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'odd'" in error


@pytest.mark.servers
def test_a_refused_login_is_told(amqp_url: str) -> None:
    told = list[tuple[str, str]]()
    link = Link(amqp_url.replace("://", "://x"), lambda _channel: None, tell=lambda *news: told.append(news))
    link.start()
    soon(lambda: told)
    link.stop()
    assert told[0][0] == "refused"
    assert told[0][1].startswith("ACCESS_REFUSED")
