"""Settings of one service, for a test."""

from dataclasses import replace

import pytest

from chassis import config


def give_settings(monkeypatch: pytest.MonkeyPatch, *settings: object) -> None:
    """Set the settings of services, each by its class, until the test ends."""
    given = {type(each): each for each in settings}
    known = config.current()
    monkeypatch.setattr(config, "_current", replace(known, of_services={**known.of_services, **given}))
