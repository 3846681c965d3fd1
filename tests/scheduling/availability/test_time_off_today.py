"""Times off that are taken when a part of the day is over."""

import pytest

from chassis import clock
from chassis.errors import Conflict
from chassis.persistence.database import Session
from tests.scheduling.availability.test_time_off import DAY, status_of, take, visit
from tests.scheduling.factories import at, doctor


def later_today(monkeypatch: pytest.MonkeyPatch, hour: int) -> None:
    """Let it be this hour of the day after tomorrow."""
    moment = at(hour=hour)
    monkeypatch.setattr(clock, "now", lambda: moment)


@pytest.mark.parametrize("displace", [False, True])
def test_a_visit_that_is_over_is_not_in_the_way(
    session: Session, monkeypatch: pytest.MonkeyPatch, *, displace: bool
) -> None:
    who = doctor(session)
    over, times = visit(session, "booked", who), {"starts_at": at(hour=8), "ends_at": at(hour=17)}
    later_today(monkeypatch, 10)
    assert take(session, who, displace=displace, **times)["displaced"] == []
    assert status_of(session, over) == "booked"


@pytest.mark.parametrize("status", ["arrived", "in_progress"])
def test_a_patient_who_waits_beyond_the_time_of_the_visit_is_in_the_way_until_the_end_of_the_day(
    session: Session, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    who = doctor(session)
    visit(session, status, who)
    times = {"starts_at": at(hour=8), "ends_at": at(5)}
    later_today(monkeypatch, 10)
    with pytest.raises(Conflict):
        take(session, who, displace=True, **times)
    monkeypatch.setattr(clock, "now", lambda: times["starts_at"] + DAY)
    assert take(session, who, **times)["displaced"] == []
