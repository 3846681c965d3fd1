"""Fixtures of notify's tests: settings, and mail servers."""

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
    """Return a function that changes settings until the end of the test: `use_settings(mail_url=...)`."""

    def use(**changes: Any) -> None:
        monkeypatch.setattr(config, "_current", settings(**changes))

    return use


@pytest.fixture(autouse=True)
def usual_settings(use_settings: Use) -> None:
    """Give every test of notify its settings."""
    use_settings()


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[StartMailServer]:
    """Yield a function that starts a mail server until the end of the test: `mail_server("login", "starttls")`."""
    with ExitStack() as started:
        yield lambda *options: started.enter_context(MailServer(tmp_path, *options))
