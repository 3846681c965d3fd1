"""A refusal of the broker is reported in its own words, which contain nothing of a message."""

from typing import Any

import eventlet
import pytest

from tests.broker.place import Raw, soon
from transports.links import Link


@pytest.mark.servers
def test_refused_declaration_is_reported_with_the_refused_object(amqp_url: str) -> None:
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
def test_refused_login_is_reported(amqp_url: str) -> None:
    told = list[tuple[str, str]]()
    link = Link(amqp_url.replace("://", "://x"), lambda _channel: None, tell=lambda *news: told.append(news))
    link.start()
    soon(lambda: told)
    link.stop()
    assert told[0][0] == "refused"
    assert told[0][1].startswith("ACCESS_REFUSED")
