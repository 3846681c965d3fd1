"""Return addresses of payments, and how the checkout page shows them."""

from typing import Any

import pytest

from chassis import config
from chassis.errors import Invalid
from chassis.identity import NOBODY
from chassis.persistence.database import Session
from contracts.billing.payments import GetSandboxCheckout, SandboxCheckoutView
from contracts.scheduling.appointments.events import VisitCompletionUndone
from services.billing.invoices.handlers import on_visit_completion_undone
from services.billing.payments import sandbox_checkout
from tests.billing.factories import heard, invoice, pay, press, settings
from tests.events import example_of

APP = "https://app.example/invoices"


@pytest.fixture(autouse=True)
def app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use a hospital whose app has another origin, and whose replies any page may read."""
    monkeypatch.setattr(config, "_current", settings(cors_origins=frozenset({"https://app.example", "*"})))


def page(session: Session, reference: str) -> dict[str, Any]:
    shown: dict[str, Any] = SandboxCheckoutView.dump_one(
        sandbox_checkout.get_checkout(session, NOBODY, GetSandboxCheckout(reference=reference))
    )
    return shown


@pytest.mark.parametrize("url", [APP, "http://hospital.example/paid"])
def test_return_address_with_an_allowed_origin_is_shown(session: Session, url: str) -> None:
    payment = pay(session, invoice(session), return_url=url)
    assert page(session, payment.reference)["return_url"] == url
    assert SandboxCheckoutView.dump_one(press(session, payment))["return_url"] == url


@pytest.mark.parametrize("url", ["https://evil.example/", "https://app.example@evil.example", "//evil", "javascript:1"])
def test_return_address_with_another_origin_is_refused(session: Session, url: str) -> None:
    bill = invoice(session)
    with pytest.raises(Invalid) as refused:
        pay(session, bill, return_url=url)
    assert refused.value.code == "return_url_not_allowed"
    assert "return_url" in refused.value.facts["errors"]


def test_checkout_of_a_void_invoice_is_void(session: Session) -> None:
    bill = invoice(session)
    payment, paid = pay(session, bill, 100), press(session, pay(session, bill, 100))
    on_visit_completion_undone(
        session, heard(session), example_of(VisitCompletionUndone, appointment_id=bill.appointment_id, revision=5)
    )
    session.flush()
    assert [page(session, one.reference)["status"] for one in (payment, paid)] == ["void", "succeeded"]
