"""State changes of notifications."""

from datetime import timedelta

from services.notify.models.notifications import Notification
from tests.notify.factories import NOON

LATER = NOON + timedelta(minutes=1)


def test_notification_is_read_after_the_first_reading() -> None:
    notification = Notification()
    assert not notification.is_read
    notification.read(NOON)
    assert notification.is_read


def test_second_reading_keeps_the_first_time() -> None:
    notification = Notification()
    notification.read(NOON)
    notification.read(LATER)
    assert notification.read_at == NOON
