"""Webhooks: early, late, lost, repeated, and with a wrong signature."""

from tests.payments.shop import Ends, Shop
from tests.payments.table import course, paid
from tests.sandboxes.scenarios import Scenario


@course(Scenario.WEBHOOK_BEFORE_REDIRECT, all=paid(), stripe=paid("applied, ignored"))
def webhook_before_redirect(shop: Shop) -> None:
    """The webhook comes before the payer's browser is back."""
    page = shop.pay()
    shop.press(page)
    assert shop.new(), "it is here before the redirect"
    shop.deliver()


@course(all=paid(), stripe=paid("applied, ignored"))
def webhook_before_the_reply(shop: Shop) -> None:
    """The webhook comes before billing has stored the checkout. The repeated request gets the reply."""
    page = shop.pay_without_record()
    assert [payment.status for payment in shop.payments()] == ["created"]
    shop.press(page)
    shop.deliver(1)
    shop.pay()


@course(Scenario.LOST_WEBHOOK, all=Ends("succeeded", "paid", "1 payment_received"))
def webhook_never(shop: Shop) -> None:
    """The webhook never comes. A timer finds the money."""
    shop.press(shop.pay())
    shop.deliver()
    assert shop.invoice().status == "issued"
    shop.look_up()


@course(Scenario.LOST_WEBHOOK, all=paid("ignored"))
def webhook_after_the_timer(shop: Shop) -> None:
    """A timer finds the money, then the webhook comes."""
    shop.press(shop.pay())
    shop.look_up()
    shop.replay()
    shop.deliver(1)


@course(Scenario.DELAYED_SUCCESS, all=paid(), stripe=paid("applied, ignored"))
def slow_money(shop: Shop) -> None:
    """The money comes some time after the redirect, as with a bank transfer."""
    shop.press(shop.pay())
    shop.look_up()
    assert shop.payments()[0].status == "pending"
    shop.deliver({"stripe": 4}.get(shop.sandbox.provider, 1))


@course(Scenario.DUPLICATE_WEBHOOKS, all=paid("applied, repeated"), stripe=paid("applied, ignored, repeated"))
def five_times(shop: Shop) -> None:
    """Each webhook comes five times."""
    shop.press(shop.pay())
    shop.deliver({"stripe": 15}.get(shop.sandbox.provider, 5))


@course(
    Scenario.OUT_OF_ORDER,
    stripe=paid("applied, ignored"),
    flutterwave=paid("applied, ignored"),
)
def out_of_order(shop: Shop) -> None:
    """The bank declines, the payer tries again and pays, and the message of the failure comes last."""
    page = shop.pay()
    shop.press(page, "decline")
    shop.press(page)
    shop.deliver({"stripe": 4}.get(shop.sandbox.provider, 2))


@course(
    all=Ends("succeeded", "paid", "1 payment_received, 1 refund_due", webhooks="applied"),
    stripe=Ends("succeeded", "paid", "1 payment_received, 1 refund_due", webhooks="applied, ignored"),
)
def late_after_void(shop: Shop) -> None:
    """An admin voids the invoice, and the payer pays on its open page. The money must be paid back."""
    page = shop.pay()
    shop.void()
    shop.press(page)
    shop.deliver(1)


REFUSED = Ends("pending", "issued", "", webhooks="wrong_signature")


@course(Scenario.WRONG_SIGNATURE, all=REFUSED)
def wrong_signature(shop: Shop) -> None:
    """The signature of the webhook is wrong: it is refused."""
    shop.press(shop.pay())
    shop.deliver(1)


@course(Scenario.WRONG_SIGNATURE, all=paid("wrong_signature"))
def wrong_signature_then_timer(shop: Shop) -> None:
    """The signature of the webhook is wrong, and a timer finds the money."""
    wrong_signature(shop)
    shop.look_up()


@course(Scenario.OLD_TIMESTAMP, stripe=REFUSED)
def old_timestamp(shop: Shop) -> None:
    """The time of the signature is older than five minutes: it is refused."""
    wrong_signature(shop)


@course(Scenario.FUTURE_TIMESTAMP, stripe=REFUSED)
def future_timestamp(shop: Shop) -> None:
    """The time of the signature is more than five minutes ahead: it is refused."""
    wrong_signature(shop)


@course(
    all=Ends("", "issued", "", "unknown_reference", "listed"),
    stripe=Ends("", "issued", "", "unknown_reference", "ignored, listed"),
)
def unknown_reference(shop: Shop) -> None:
    """Money comes at the provider for a reference that billing does not know."""
    shop.press(shop.start_unknown())
    shop.deliver(1)
