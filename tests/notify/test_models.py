"""The moves of notifications and deliveries, and what the migrated database has."""

from datetime import timedelta

from chassis.persistence.database import Database
from matron.migrations import differences
from services.notify import rules
from services.notify.models.deliveries import LEASE
from services.notify.models.notifications import Notification
from tests.notify.factories import NOON, row

LATER = NOON + timedelta(minutes=1)


def test_a_notification_is_read_when_it_has_been_read_once() -> None:
    notification = Notification()
    assert not notification.is_read
    notification.read(NOON)
    assert notification.is_read


def test_reading_again_keeps_the_first_time() -> None:
    notification = Notification()
    notification.read(NOON)
    notification.read(LATER)
    assert notification.read_at == NOON


def test_a_claimed_mail_comes_again_only_after_the_lease() -> None:
    delivery = row()
    delivery.claim(NOON)
    assert (delivery.state, delivery.attempts, delivery.next_try_at) == ("sending", 1, NOON + LEASE)


def test_a_mail_that_somebody_else_claimed_since_is_not_held() -> None:
    delivery = row()
    delivery.claim(NOON)
    delivery.claim(NOON + LEASE)
    assert (delivery.is_held(1), delivery.is_held(2)) == (False, True)


def test_a_sent_mail_is_done() -> None:
    delivery = row(last_error="OSError")
    delivery.end_try(NOON, None)
    assert (delivery.state, delivery.sent_at, delivery.next_try_at, delivery.last_error) == ("sent", NOON, None, None)


def test_a_sent_mail_keeps_no_secret() -> None:
    delivery = row()
    delivery.end_try(NOON, None)
    assert delivery.content == {"token": "", "expires_at": NOON.isoformat()}


def test_a_failed_try_puts_the_mail_off_and_keeps_what_it_needs() -> None:
    delivery = row(attempts=2)
    delivery.end_try(NOON, "TimeoutError")
    assert (delivery.state, delivery.next_try_at) == ("pending", NOON + timedelta(minutes=2))
    assert (delivery.last_error, bool(delivery.content["token"])) == ("TimeoutError", True)


def test_after_the_last_try_a_mail_has_failed_and_keeps_no_secret() -> None:
    delivery = row(attempts=11)
    delivery.end_try(NOON, "TimeoutError")
    assert (delivery.state, delivery.next_try_at, delivery.content["token"]) == ("failed", None, "")


def test_a_mail_that_was_refused_for_good_has_failed_at_once_and_keeps_no_secret() -> None:
    delivery = row(attempts=1)
    delivery.end_try(NOON, rules.REFUSED)
    assert (delivery.state, delivery.next_try_at, delivery.content["token"]) == ("failed", None, "")
    assert delivery.last_error == rules.REFUSED


def test_the_migrated_database_is_what_the_models_say(database: Database) -> None:
    assert differences("notify", database) == []
