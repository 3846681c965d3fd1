"""The webhooks of Stripe: signatures and events."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.providers.port import (
    Looked,
    Outcome,
    Refunded,
    RefundOutcome,
    Topic,
    UnreadableWebhookError,
    WrongSignatureError,
)
from services.billing.providers.stripe_webhooks import Kind, read, verify

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECRETS = ("whsec_new", "whsec_old")
BODY = b'{"id": "evt_1"}'
METADATA = {"reference": "ab12"}
SESSION = {
    "id": "cs_1", "client_reference_id": "ab12", "payment_intent": "pi_1", "payment_status": "paid",
    "amount_total": 1250, "currency": "eur",
}  # fmt: skip
PAYMENT = {"id": "pi_1", "amount_received": 500, "currency": "jpy", "metadata": METADATA}
REFUND = {"id": "re_1", "payment_intent": "pi_1", "status": "succeeded", "metadata": METADATA}
CHARGE = {"id": "ch_1", "payment_intent": "pi_1", "metadata": METADATA}


def signature(body: bytes, at: datetime, secret: str) -> str:
    return hmac.new(secret.encode(), f"{int(at.timestamp())}.".encode() + body, hashlib.sha256).hexdigest()


def header(body: bytes = BODY, at: datetime = NOW, secret: str = SECRETS[0]) -> str:
    return f"t={int(at.timestamp())},v1={signature(body, at, secret)}"


def is_right(text: str, body: bytes = BODY, secrets: tuple[str, ...] = SECRETS) -> bool:
    try:
        verify(text, body, NOW, secrets)
    except WrongSignatureError:
        return False
    return True


def event(kind: str, about: dict[str, object]) -> bytes:
    return json.dumps({"id": "evt_1", "type": kind, "data": {"object": about}}).encode()


@pytest.mark.parametrize("secret", SECRETS)
def test_signature_is_right_with_each_secret(secret: str) -> None:
    assert is_right(header(secret=secret))


def test_signature_is_right_among_several() -> None:
    assert is_right(f"{header()},v1={'0' * 64},v0=abc")


@pytest.mark.parametrize("secret", ["", "whsec_other"])
def test_signature_is_wrong_with_another_secret(secret: str) -> None:
    assert not is_right(header(secret=secret), secrets=("", *SECRETS))


@given(shift=st.integers(-1000, 1000))
def test_time_is_tolerated_300_seconds_both_ways(shift: int) -> None:
    assert is_right(header(at=NOW + timedelta(seconds=shift))) == (abs(shift) <= 300)


@given(position=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
def test_signature_is_wrong_when_a_bit_of_the_body_changes(position: int, bit: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= 1 << bit
    assert not is_right(header(), bytes(changed))


@given(text=st.text() | st.from_regex(r"t=[0-9]{1,20},v1=.*"))
def test_signature_is_wrong_when_its_header_is_random(text: str) -> None:
    assert not is_right(text)


def test_signature_is_wrong_with_two_times() -> None:
    assert not is_right(f"t=1,{header()}")


@pytest.mark.parametrize("kind", [Kind.SESSION_COMPLETED, Kind.SESSION_PAID])
def test_paid_session_is_a_payment_with_its_amount(kind: Kind) -> None:
    notice = read(event(kind, SESSION))
    assert (notice.event_id, notice.topic, notice.kind, notice.reference) == ("evt_1", Topic.PAYMENT, kind, "ab12")
    assert notice.looked == Looked(Outcome.SUCCEEDED, 1250, "EUR", "pi_1")


def test_completed_session_is_pending_when_it_is_not_paid() -> None:
    assert read(event(Kind.SESSION_COMPLETED, SESSION | {"payment_status": "unpaid"})).looked == Looked(Outcome.PENDING)


@pytest.mark.parametrize("kind", [Kind.SESSION_EXPIRED, Kind.SESSION_FAILED, Kind.PAYMENT_CANCELED])
def test_ended_payment_is_expired(kind: Kind) -> None:
    assert read(event(kind, SESSION)).looked == Looked(Outcome.EXPIRED)


def test_succeeded_payment_has_the_received_amount() -> None:
    notice = read(event(Kind.PAYMENT_SUCCEEDED, PAYMENT))
    assert (notice.reference, notice.looked) == ("ab12", Looked(Outcome.SUCCEEDED, 500, "JPY", "pi_1"))


def test_failed_payment_may_be_tried_again() -> None:
    notice = read(event(Kind.PAYMENT_FAILED, PAYMENT))
    assert (notice.topic, notice.looked) == (Topic.PAYMENT, Looked(Outcome.FAILED))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("pending", RefundOutcome.PENDING),
        ("requires_action", RefundOutcome.NEEDS_ATTENTION),
        ("succeeded", RefundOutcome.COMPLETED),
        ("failed", RefundOutcome.FAILED),
        ("canceled", RefundOutcome.FAILED),
    ],
)
def test_refund_has_the_outcome_of_its_status(status: str, outcome: RefundOutcome) -> None:
    notice = read(event(Kind.REFUND_UPDATED, REFUND | {"status": status}))
    assert (notice.topic, notice.provider_payment_id) == (Topic.REFUND, "pi_1")
    assert (notice.provider_refund_id, notice.refunded) == ("re_1", Refunded(outcome, "re_1"))


def test_refund_must_be_looked_up_when_its_status_is_new() -> None:
    assert read(event(Kind.REFUND_FAILED, REFUND | {"status": "other"})).refunded is None


def test_refunded_charge_must_be_looked_up() -> None:
    notice = read(event(Kind.CHARGE_REFUNDED, CHARGE))
    assert (notice.topic, notice.provider_payment_id, notice.refunded) == (Topic.REFUND, "pi_1", None)


def test_dispute_names_the_payment() -> None:
    notice = read(event(Kind.DISPUTED, {"id": "du_1", "payment_intent": "pi_1", "metadata": {}}))
    assert (notice.topic, notice.provider_payment_id, notice.reference) == (Topic.DISPUTE, "pi_1", None)


def test_unknown_event_is_of_no_topic() -> None:
    assert read(event("charge.succeeded", CHARGE)).topic is Topic.OTHER


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"[]",
        b"{}",
        b"[" * 100_000,
        event(Kind.PAYMENT_SUCCEEDED, {"id": "pi_1"}),
        event(Kind.PAYMENT_SUCCEEDED, PAYMENT | {"amount_received": "500"}),
        event(Kind.PAYMENT_SUCCEEDED, PAYMENT | {"currency": "isk", "amount_received": 550}),
        event(Kind.SESSION_COMPLETED, SESSION | {"payment_intent": None}),
    ],
)
def test_event_is_unreadable_when_its_form_is_wrong(body: bytes) -> None:
    with pytest.raises(UnreadableWebhookError):
        read(body)
