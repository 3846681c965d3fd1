"""Fixtures of notify's tests: the process's settings, and mail servers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from chassis import config
from tests.notify.factories import settings
from tests.notify.servers import MailServer

Use = Callable[..., None]
StartMailServer = Callable[..., MailServer]


@pytest.fixture
def use_settings(monkeypatch: pytest.MonkeyPatch) -> Use:
    """`use_settings(mail_url=...)`: settings that differ from the usual ones in this, until the test is over."""

    def use(**changes: Any) -> None:
        monkeypatch.setattr(config, "_current", settings(**changes))

    return use


@pytest.fixture(autouse=True)
def usual_settings(use_settings: Use) -> None:
    """Every test of notify has settings."""
    use_settings()


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[StartMailServer]:
    """`mail_server("login", "starttls")`: a mail server, which is ended with the test."""
    with ExitStack() as started:
        yield lambda *options: started.enter_context(MailServer(tmp_path, *options))
