"""Money that does not fit, and money that goes back."""

from dataclasses import replace

from tests.payments.payers import full
from tests.payments.shop import AMOUNT, Ends, Shop
from tests.payments.table import course
from tests.sandboxes.scenarios import Scenario


def set_aside(kind: str, webhooks: str = "applied") -> Ends:
    """Return the end of money that changes no invoice."""
    return Ends("unapplied", "issued", "", kind, webhooks)


@course(Scenario.LESS_MONEY, all=set_aside("wrong_amount"), stripe=set_aside("wrong_amount", "applied, ignored"))
def less_money(shop: Shop) -> None:
    """Less money comes than was asked for."""
    full(shop)


@course(Scenario.MORE_MONEY, all=set_aside("wrong_amount"), stripe=set_aside("wrong_amount", "applied, ignored"))
def more_money(shop: Shop) -> None:
    """More money comes than was asked for."""
    full(shop)


@course(
    Scenario.WRONG_CURRENCY, all=set_aside("wrong_currency"), stripe=set_aside("wrong_currency", "applied, ignored")
)
def other_currency(shop: Shop) -> None:
    """The money is of another currency."""
    full(shop)


PART = Ends("succeeded", "part_paid", "1 payment_received", webhooks="applied")


@course(
    Scenario.LESS_MONEY,
    all=PART,
    stripe=Ends("succeeded", "part_paid", "1 payment_received", webhooks="applied, ignored"),
)
def apply_odd_money(shop: Shop) -> None:
    """Less money comes, and an admin applies it to the invoice."""
    full(shop)
    shop.settle_odd("apply")


@course(
    Scenario.WRONG_CURRENCY,
    all=Ends("unapplied", "issued", "", webhooks="applied, ignored"),
    flutterwave=Ends("unapplied", "issued", "", webhooks="applied"),
)
def pay_odd_money_back(shop: Shop) -> None:
    """Money of another currency comes, and an admin pays it back. The provider's messages about it list nothing."""
    full(shop)
    shop.settle_odd("refund")
    shop.deliver({"stripe": 3, "paystack": 1}.get(shop.sandbox.provider, 0))


@course(
    Scenario.DISPUTE,
    stripe=Ends("succeeded", "paid", "1 payment_received", "dispute", "applied, ignored, listed"),
    paystack=Ends("succeeded", "paid", "1 payment_received", "dispute", "applied, listed"),
)
def dispute(shop: Shop) -> None:
    """The payer disputes the payment at the bank."""
    shop.press(shop.pay())
    shop.deliver({"stripe": 4}.get(shop.sandbox.provider, 2))


LISTED_REFUND = Ends("succeeded", "paid", "1 payment_received", "unknown_refund", "applied, ignored, listed")


@course(
    stripe=LISTED_REFUND,
    paystack=LISTED_REFUND,
)
def refund_at_the_provider(shop: Shop) -> None:
    """The hospital pays money back on the provider's own pages."""
    full(shop)
    shop.refund_at_provider()
    shop.deliver({"stripe": 3}.get(shop.sandbox.provider, 2))


COMPLETED = "1 payment_received, 1 refund_completed"
REFUNDED = Ends("succeeded", "refunded", COMPLETED, webhooks="applied")
PART_REFUNDED = Ends("succeeded", "part_refunded", COMPLETED, webhooks="applied")
FAILED = Ends("succeeded", "paid", "1 payment_received", webhooks="applied")


@course(all=REFUNDED, stripe=replace(REFUNDED, webhooks="applied, ignored"))
def refund(shop: Shop) -> None:
    """The desk asks for a refund of the whole payment, and an admin approves it."""
    _refund(shop, AMOUNT)


@course(all=PART_REFUNDED, stripe=replace(PART_REFUNDED, webhooks="applied, ignored"))
def partial_refund(shop: Shop) -> None:
    """The desk asks for a refund of a part, and an admin approves it."""
    _refund(shop, 3000)


def _refund(shop: Shop, amount_minor: int) -> None:
    full(shop)
    shop.refund(amount_minor)
    shop.deliver({"stripe": 3, "paystack": 2}.get(shop.sandbox.provider, 0))
    shop.look_up_refunds()
    assert shop.paid_back() == [amount_minor]


@course(Scenario.REFUND_FAILS, all=FAILED, stripe=replace(FAILED, webhooks="applied, ignored"))
def failed_refund(shop: Shop) -> None:
    """A refund fails at the provider. The money stays here, and the desk may ask for another refund."""
    full(shop)
    shop.refund()
    shop.deliver({"stripe": 5, "paystack": 2}.get(shop.sandbox.provider, 0))
    shop.look_up_refunds()
