"""The course that a payment takes at a sandbox. A scenario belongs to a reference."""

from enum import StrEnum


class Scenario(StrEnum):
    """The course of one payment."""

    SUCCESS = "success"
    DECLINE = "decline"
    """The payer presses Pay, and the bank declines."""
    ABANDON = "abandon"
    """The payer presses Pay, and nothing happens: the payer has gone."""
    DELAYED_SUCCESS = "delayed_success"
    """The money comes some seconds after the redirect."""
    DUPLICATE_WEBHOOKS = "duplicate_webhooks"
    """Each webhook is sent five times."""
    WEBHOOK_BEFORE_REDIRECT = "webhook_before_redirect"
    LOST_WEBHOOK = "lost_webhook"
    """Webhooks are kept, and sent only by a replay."""
    OUT_OF_ORDER = "out_of_order"
    """The first webhook waits until a later one was sent."""
    ERROR_THEN_SUCCESS = "error_then_success"
    """The first request of each operation answers 500, and is not executed. A repetition succeeds."""
    STORED_ERROR = "stored_error"
    """The first request of each operation is executed, and answers 500. Stripe repeats the 500 for the same key."""
    LESS_MONEY = "less_money"
    MORE_MONEY = "more_money"
    WRONG_CURRENCY = "wrong_currency"
    WRONG_SIGNATURE = "wrong_signature"
    OLD_TIMESTAMP = "old_timestamp"
    FUTURE_TIMESTAMP = "future_timestamp"
    HANG = "hang"
    """All requests of an operation are executed, and answered only after `hang_seconds` since the first."""
    DISPUTE = "dispute"
    """The payer's bank disputes the payment after it succeeded."""
    REFUND_NEEDS_ATTENTION = "refund_needs_attention"
    REFUND_FAILS = "refund_fails"


COPIES = 5
"""The number of deliveries of each webhook with `duplicate_webhooks`."""
SHIFT = 400
"""The seconds by which `old_timestamp` and `future_timestamp` shift a timestamp. Stripe tolerates 300."""


def charged(scenario: Scenario, amount: int, currency: str) -> tuple[int, str]:
    """Return the amount, in the units of the provider, and the currency that the payer really pays."""
    if scenario is Scenario.LESS_MONEY:
        return amount - max(amount // 10, 1), currency
    if scenario is Scenario.MORE_MONEY:
        return amount + max(amount // 10, 1), currency
    if scenario is Scenario.WRONG_CURRENCY:
        return amount, ("USD" if currency.upper() != "USD" else "EUR")
    return amount, currency


def timestamp(scenario: Scenario, now: float) -> int:
    """Return the time that a webhook states, in seconds since 1970."""
    shifts = {Scenario.OLD_TIMESTAMP: -SHIFT, Scenario.FUTURE_TIMESTAMP: SHIFT}
    return int(now) + shifts.get(scenario, 0)
