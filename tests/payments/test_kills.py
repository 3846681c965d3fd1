"""Billing dies at any step of a payment and its refund. No money moves twice, and repetition finishes the rest.

A step is an SQL statement, a commit, or either end of a request to the provider. The steps are in this process, so
that each can be chosen; `tests/faults` kills real processes.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, ParamSpec, TypeVar
from unittest.mock import patch

import pytest
import requests
from sqlalchemy import event

from chassis.persistence.database import Database
from tests.payments.shop import AMOUNT, Killed, Shop
from tests.payments.table import PROVIDERS
from tests.servers.processes import wait_until

KILLS = 17
"""The number of kills at each provider: 51 in all."""
SEED = 20261201
P, T = ParamSpec("P"), TypeVar("T")
SEND = requests.Session.send


class Steps:
    """Counts the steps of billing, and kills at one of them."""

    def __init__(self, last: int | None = None) -> None:
        self.count, self.last, self._is_billing = 0, last, False
        self.replies = set[int]()
        """The steps at which a provider has done something that billing has not stored."""

    def take(self, *_facts: object) -> None:
        """Take a step of billing. The test's own statements and requests are none."""
        if self._is_billing:
            self.count += 1
            if self.count == self.last:
                raise Killed

    def sender(self) -> Callable[..., requests.Response]:
        """Return the sender of requests. Billing may die before, and after the provider has done the work."""

        def send(session: requests.Session, *args: Any, **options: Any) -> requests.Response:
            self.take()
            reply = SEND(session, *args, **options)
            self.take()
            self.replies |= {self.count} if self._is_billing else set()
            return reply

        return send

    def do(self, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Do some work of billing."""
        self._is_billing = True
        try:
            return work(*args, **options)
        finally:
            self._is_billing = False

    @contextmanager
    def watching(self, database: Database) -> Iterator[None]:
        """Take a step for each statement, commit and request within the block."""
        hooks = [(database.engine, name, self.take) for name in ("before_cursor_execute", "commit")]
        for hook in hooks:
            event.listen(*hook)
        try:
            with patch.object(requests.Session, "send", self.sender()):
                yield
        finally:
            for hook in hooks:
                event.remove(*hook)


def live(shop: Shop, steps: Steps) -> None:
    """Pay and refund. A second call repeats each request with its key, and finishes what the first left."""
    page = steps.do(shop.pay)
    with suppress(requests.HTTPError):  # A paid page is closed.
        shop.press(page)
    wait_until(lambda: bool(shop.paid_at_provider()), seconds=10, what="the money")
    deliver(shop, steps)
    steps.do(shop.look_up)
    steps.do(shop.refund)
    deliver(shop, steps)
    steps.do(shop.look_up_refunds)


def deliver(shop: Shop, steps: Steps) -> None:
    """Hand over all webhooks, and again those that billing has not acknowledged."""
    wait_until(shop.is_sent, seconds=10, what="the webhooks")
    while shop.new():
        steps.do(shop.hand_over, shop.new()[0])
        shop.read += 1


def finish(shop: Shop) -> None:
    """Repeat everything after a restart, and wait until the provider has paid back."""
    live(shop, Steps())
    wait_until(lambda: bool(shop.paid_back()), seconds=10, what="the refund")
    shop.look_up_refunds()


def chosen(shop: Shop) -> list[int]:
    """Live once without a kill; return random steps to kill at, among them each reply of the provider."""
    steps = Steps()
    with steps.watching(shop.database):
        live(shop, steps)
    others = sorted(set(range(1, steps.count + 1)) - steps.replies)
    return sorted(steps.replies) + random.Random(SEED).sample(others, KILLS - len(steps.replies))


@pytest.mark.servers
@pytest.mark.parametrize("provider", PROVIDERS)
def test_kill_at_any_step_moves_no_money_twice(
    provider: str, copies: Callable[..., Database], shop_at: Callable[..., Shop]
) -> None:
    database = copies("billing", "postgresql")
    for last in chosen(shop_at(provider, database)):
        shop, steps = shop_at(provider, database), Steps(last)
        with steps.watching(database), pytest.raises(Killed):
            live(shop, steps)
        database.engine.dispose()  # The end of a process ends its connections.
        assert_honest(shop)
        finish(shop)
        assert_finished(shop, f"killed at step {last}")


def assert_honest(shop: Shop) -> None:
    """Billing may know less than the provider after a kill, but never more."""
    balance = shop.invoice().balance
    assert balance.credited <= sum(shop.paid_at_provider())
    assert balance.refunded <= sum(shop.paid_back())


def assert_finished(shop: Shop, when: str) -> None:
    """Money came once and went back once, in the ledger as at the provider."""
    assert (shop.paid_at_provider(), shop.paid_back()) == ([AMOUNT], [AMOUNT]), when
    ends = shop.ends()
    assert (ends.payment, ends.invoice, ends.listed) == ("succeeded", "refunded", ""), when
    assert ends.events == "1 payment_received, 1 refund_completed", when
    balance = shop.invoice().balance
    assert (balance.credited, balance.refunded, shop.sums()["credited"]) == (AMOUNT, AMOUNT, AMOUNT), when
