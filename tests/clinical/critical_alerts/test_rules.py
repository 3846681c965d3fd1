"""The order and the times of the steps."""

from datetime import UTC, datetime, timedelta

from contracts.clinical.critical_alerts import CriticalStep
from services.clinical.critical_alerts import rules

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_each_step_follows_at_its_time_after_the_alert() -> None:
    second = rules.following(CriticalStep.ORDERING_DOCTOR, NOON)
    third = rules.following(CriticalStep.TREATING_DOCTORS, NOON)
    assert second == (CriticalStep.TREATING_DOCTORS, NOON + timedelta(minutes=15))
    assert third == (CriticalStep.ADMINS, NOON + timedelta(minutes=30))


def test_ladder_ends_with_the_admins() -> None:
    assert rules.following(CriticalStep.ADMINS, NOON) is None
