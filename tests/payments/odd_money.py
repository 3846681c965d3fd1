"""Money that does not fit, and money that goes back."""

from tests.payments.payers import full
from tests.payments.shop import Ends, Shop
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
