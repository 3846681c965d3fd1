"""The payer and the provider's answers."""

from contextlib import suppress
from datetime import timedelta

import requests

from chassis.errors import Unavailable
from tests.payments.shop import KEY, Ends, Shop
from tests.payments.table import course, paid
from tests.sandboxes.scenarios import Scenario

DAY = timedelta(days=1)


@course(all=paid(), stripe=paid("applied, ignored"))
def full(shop: Shop) -> None:
    """The payer pays the whole amount."""
    shop.press(shop.pay())
    shop.deliver(1)


@course(all=paid("applied", "succeeded, succeeded"), stripe=paid("applied, ignored", "succeeded, succeeded"))
def parts(shop: Shop) -> None:
    """The payer pays a part, then the rest."""
    shop.press(shop.pay(3000, key="first"))
    shop.deliver(1)
    assert shop.invoice().status == "part_paid"
    shop.press(shop.pay(key="second"))
    shop.deliver(1)


FAILED = Ends("failed", "issued", "1 payment_failed", webhooks="applied")


@course(all=FAILED, paystack=Ends("failed", "issued", "1 payment_failed"))
def decline(shop: Shop) -> None:
    """The bank declines. Paystack sends no webhook for this, so a timer finds it."""
    shop.press(shop.pay(), "decline")
    shop.deliver()
    shop.look_up()


FAILED_THEN_PAID = Ends("succeeded", "paid", "1 payment_received, 1 payment_failed", webhooks="applied")


@course(
    all=FAILED_THEN_PAID,
    stripe=Ends("succeeded", "paid", "1 payment_received, 1 payment_failed", webhooks="applied, ignored"),
)
def decline_then_pay(shop: Shop) -> None:
    """The bank declines, and the payer pays on the same page with another card."""
    page = shop.pay()
    shop.press(page, "decline")
    shop.deliver()
    shop.look_up()
    shop.press(page)
    shop.deliver(1)


@course(all=Ends("pending", "issued", ""))
def abandon(shop: Shop) -> None:
    """The payer leaves the page. The payment stays pending."""
    shop.press(shop.pay(), "abandon")
    shop.deliver()
    shop.look_up()


@course(
    stripe=Ends("expired", "issued", "", webhooks="applied"),
    flutterwave=Ends("expired", "issued", ""),
    paystack=Ends("expired", "issued", "", "unresolved"),
)
def expire(shop: Shop) -> None:
    """The payer never comes back. Stripe tells this after 24 hours. Billing gives up after 24 hours or 7 days."""
    shop.pay()
    [payment] = shop.payments()
    if payment.provider == "stripe":
        url = f"{shop.sandbox.url}/v1/checkout/sessions/{payment.provider_id}/expire"
        requests.post(url, headers={"Authorization": f"Bearer {KEY}"}, timeout=10).raise_for_status()
        shop.deliver(1)
    shop.look_up(DAY if payment.provider == "flutterwave" else 7 * DAY)


@course(
    all=Ends("succeeded, unapplied", "paid", "1 payment_received", "overpayment", "applied"),
    stripe=Ends("succeeded, unapplied", "paid", "1 payment_received", "overpayment", "applied, ignored"),
)
def pay_twice(shop: Shop) -> None:
    """The payer has two open pages for the same invoice, and pays on both."""
    pages = [shop.pay(key="first"), shop.pay(key="second")]
    for page in pages:
        shop.press(page)
        shop.deliver(1)


@course(Scenario.ERROR_THEN_SUCCESS, all=paid(), stripe=paid("applied, ignored"))
def error_then_success(shop: Shop) -> None:
    """The provider answers with 500, and the repeated request with the same key succeeds."""
    with suppress(Unavailable):  # Stripe's SDK repeats the request itself.
        shop.pay()
    shop.press(shop.pay())
    shop.deliver(1)


@course(
    Scenario.STORED_ERROR,
    stripe=paid("applied, ignored", "created, succeeded"),
    all=paid("applied", "pending, succeeded"),
)
def error_after_the_work(shop: Shop) -> None:
    """The provider works, but answers with 500, at Stripe for each repetition. The payer starts a second payment."""
    for _number in range(2):
        with suppress(Unavailable):
            shop.pay()
    shop.sandbox.choose(Scenario.SUCCESS)
    shop.press(shop.pay(key="another"))
    shop.deliver(1)


@course(Scenario.HANG, all=paid(), stripe=paid("applied, ignored"))
def hang(shop: Shop) -> None:
    """The provider does the work, but answers too late. The repeated request with the same key succeeds."""
    shop.press(repeated(shop))
    shop.deliver(1)


def repeated(shop: Shop) -> str:
    """Repeat the request until it succeeds; return the page."""
    for _number in range(10):
        with suppress(Unavailable):
            return shop.pay()
    return shop.pay()
