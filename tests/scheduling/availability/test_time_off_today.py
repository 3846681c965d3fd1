"""Times off on the current day."""

from datetime import timedelta

import pytest

from chassis import clock
from chassis.errors import Conflict
from chassis.persistence.database import Session
from tests.scheduling.factories import add_doctor, at, status_of
from tests.scheduling.time_off_steps import book_with_status, take_time_off

DAY = timedelta(days=1)


def set_clock_to_hour(monkeypatch: pytest.MonkeyPatch, hour: int) -> None:
    """Set the clock to this hour of the day after tomorrow."""
    moment = at(hour=hour)
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.parametrize("displace", [False, True])
def test_time_off_is_allowed_when_the_visit_is_over(
    session: Session, monkeypatch: pytest.MonkeyPatch, *, displace: bool
) -> None:
    doctor = add_doctor(session)
    past_visit, times = book_with_status(session, "booked", doctor), {"starts_at": at(hour=8), "ends_at": at(hour=17)}
    set_clock_to_hour(monkeypatch, 10)
    assert take_time_off(session, doctor, displace=displace, **times)["displaced"] == []
    assert status_of(session, past_visit) == "booked"


@pytest.mark.parametrize("status", ["arrived", "in_progress"])
def test_time_off_is_refused_on_the_day_a_patient_still_waits(
    session: Session, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    doctor = add_doctor(session)
    book_with_status(session, status, doctor)
    times = {"starts_at": at(hour=8), "ends_at": at(5)}
    set_clock_to_hour(monkeypatch, 10)
    with pytest.raises(Conflict):
        take_time_off(session, doctor, displace=True, **times)
    monkeypatch.setattr(clock, "now", lambda: times["starts_at"] + DAY)
    assert take_time_off(session, doctor, **times)["displaced"] == []
