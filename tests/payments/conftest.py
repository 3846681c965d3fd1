"""Fixtures of the tests of payments: local servers of the providers, and billing's settings for them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from chassis import config
from chassis.persistence.database import Database
from services.billing.providers import rest, stripe_client
from tests.billing.factories import settings
from tests.payments.shop import Shop, Site, settings_of
from tests.sandboxes.process import SandboxProcess
from tests.sandboxes.receiver import Receiver
from tests.sandboxes.scenarios import Scenario
from tests.settings import give_settings

QUICK = {"hang_seconds": 0.9, "delayed_seconds": 0.3, "webhook_delay": 0}


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Site]]:
    """`sites(provider)`: the local server of a provider, started at its first use."""
    with ExitStack() as started:

        @cache
        def get(provider: str) -> Site:
            receiver = started.enter_context(Receiver())
            folder = tmp_path_factory.mktemp(provider)
            sandbox = SandboxProcess(provider, folder, webhook_url=receiver.url, **QUICK)
            return Site(started.enter_context(sandbox), receiver)

        yield get


@pytest.fixture
def shop_at(sites: Callable[[str], Site], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Shop]:
    """`shop_at(provider, database, scenario)`: a payer, and billing with an account at the provider."""
    monkeypatch.setattr(config, "_current", settings())

    def get(provider: str, database: Database, scenario: Scenario = Scenario.SUCCESS) -> Shop:
        site = sites(provider)
        give_settings(monkeypatch, settings_of(site.sandbox))
        if scenario is Scenario.HANG:
            monkeypatch.setattr(rest, "READ_SECONDS", 0.5)
            monkeypatch.setattr(stripe_client, "ANSWER_SECONDS", 0.5)
        return Shop(site, database, scenario)

    return get
