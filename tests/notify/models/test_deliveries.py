"""State changes of deliveries."""

from datetime import timedelta

from services.notify import rules
from services.notify.models.deliveries import LEASE
from tests.notify.factories import NOON, row


def test_claimed_mail_is_due_after_its_lease() -> None:
    delivery = row()
    delivery.claim(NOON)
    assert (delivery.state, delivery.attempts, delivery.next_try_at) == ("sending", 1, NOON + LEASE)


def test_mail_is_not_held_after_a_newer_claim() -> None:
    delivery = row()
    delivery.claim(NOON)
    delivery.claim(NOON + LEASE)
    assert (delivery.is_held(1), delivery.is_held(2)) == (False, True)


def test_sent_mail_has_no_next_attempt() -> None:
    delivery = row(last_error="OSError")
    delivery.end_try(NOON, None)
    assert (delivery.state, delivery.sent_at, delivery.next_try_at, delivery.last_error) == ("sent", NOON, None, None)


def test_sent_mail_keeps_no_secret() -> None:
    delivery = row()
    delivery.end_try(NOON, None)
    assert delivery.content == {"token": "", "expires_at": NOON.isoformat()}


def test_failed_attempt_delays_the_mail_and_keeps_its_secret() -> None:
    delivery = row(attempts=2)
    delivery.end_try(NOON, "TimeoutError")
    assert (delivery.state, delivery.next_try_at) == ("pending", NOON + timedelta(minutes=2))
    assert (delivery.last_error, bool(delivery.content["token"])) == ("TimeoutError", True)


def test_mail_fails_after_the_last_attempt_and_keeps_no_secret() -> None:
    delivery = row(attempts=11)
    delivery.end_try(NOON, "TimeoutError")
    assert (delivery.state, delivery.next_try_at, delivery.content["token"]) == ("failed", None, "")


def test_refused_mail_fails_immediately_and_keeps_no_secret() -> None:
    delivery = row(attempts=1)
    delivery.end_try(NOON, rules.REFUSED)
    assert (delivery.state, delivery.next_try_at, delivery.content["token"]) == ("failed", None, "")
    assert delivery.last_error == rules.REFUSED
