"""Each course of a payment ends as its table says, and the books are right."""

from collections.abc import Callable

import pytest

from chassis.persistence.database import Database
from contracts.billing.payments import PaymentStatus
from tests.payments import page
from tests.payments.shop import Shop
from tests.payments.table import Course, of

TAKEN = (PaymentStatus.SUCCEEDED, PaymentStatus.UNAPPLIED)
COURSES = {course.name: course for module in page.MODULES for course in of(module)}
EACH = [(course, provider) for course in COURSES.values() for provider in course.ends]
NAMES = [f"{course.name}-{provider}" for course, provider in EACH]
ON_POSTGRESQL = ("full", "five_times", "late_after_void", "webhook_before_the_reply")


@pytest.mark.parametrize(("course", "provider"), EACH, ids=NAMES)
def test_course_ends_as_the_table_says(
    course: Course, provider: str, copies: Callable[..., Database], shop_at: Callable[..., Shop]
) -> None:
    shop = shop_at(provider, copies("billing", "sqlite"), course.scenario)
    course(shop)
    assert shop.ends() == course.ends[provider]
    assert_books(shop)


@pytest.mark.servers
@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_course_ends_alike_on_postgresql(
    name: str, copies: Callable[..., Database], shop_at: Callable[..., Shop]
) -> None:
    course = COURSES[name]
    shop = shop_at("stripe", copies("billing", "postgresql"), course.scenario)
    course(shop)
    assert shop.ends() == course.ends["stripe"]
    assert_books(shop)


def assert_books(shop: Shop) -> None:
    """Compare the ledger, the sums of the invoice, the payments, and the money at the provider, which may be ahead."""
    balance = {name: amount for name, amount in shop.invoice().balance._asdict().items() if amount}
    assert shop.sums() == balance
    credited = sum(payment.amount_minor for payment in shop.payments() if payment.status == PaymentStatus.SUCCEEDED)
    assert balance.get("credited", 0) == credited
    taken = [payment for payment in shop.payments() if payment.status in TAKEN]
    assert len(taken) <= len(shop.paid_at_provider())
