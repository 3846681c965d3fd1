"""Lists of vital signs, and last readings."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import Invalid, NotFound
from chassis.execution.run import add_events
from chassis.persistence.database import Session
from contracts.clinical.vitals import ListVitals, VitalsView
from services.clinical.models.care import ChartAccess
from services.clinical.vitals import queries
from tests.clinical.factories import desk, doctor, hours, in_care, nurse, opened_account, patient, statements
from tests.clinical.vitals_factories import ILL, WELL, adult, listed, measured, withdrawn


def pulses(found: list[dict[str, Any]]) -> list[Any]:
    """Return the pulses of readings."""
    return [one["pulse"] for one in found]


def test_readings_are_listed_by_time_of_measurement(session: Session) -> None:
    person = adult(session)
    for pulse, away in ((1, -3), (2, -1), (3, -2)):
        measured(session, person, pulse=float(pulse), measured_at=hours(away))
    assert pulses(listed(session, nurse(), person)) == [2, 3, 1]
    assert pulses(listed(session, nurse(), person, order="asc")) == [1, 3, 2]


def test_readings_are_listed_page_by_page(session: Session) -> None:
    person = adult(session)
    for pulse in range(1, 4):
        measured(session, person, pulse=float(pulse), measured_at=hours(-pulse))
    asked = {"patient_id": person, "order": "desc", "from_": None, "to": None, "limit": 2}
    one = queries.listing(session, nurse(), ListVitals(**asked, cursor=None))
    two = queries.listing(session, nurse(), ListVitals(**asked, cursor=one.next))
    assert (pulses(one.items), pulses(two.items), two.next) == ([1, 2], [3], None)


def test_readings_are_filtered_by_time(session: Session) -> None:
    person = adult(session)
    for pulse in range(1, 5):
        measured(session, person, pulse=float(pulse), measured_at=hours(-pulse))
    assert pulses(listed(session, nurse(), person, from_=hours(-3.5), to=hours(-1.5))) == [2, 3]


def test_day_is_a_day_in_the_zone_of_the_hospital(session: Session) -> None:
    person = adult(session)
    today = clock.now().astimezone(tz=None).date()
    measured(session, person, pulse=60.0)
    span = {"from_": today - timedelta(days=2), "to": today + timedelta(days=2)}
    assert pulses(listed(session, nurse(), person, **span)) == [60]
    assert listed(session, nurse(), person, to=today - timedelta(days=2)) == []


def test_list_refuses_an_end_before_its_start(session: Session) -> None:
    with pytest.raises(Invalid):
        listed(session, nurse(), adult(session), from_=hours(1), to=hours(0))


def test_list_has_no_readings_of_others(session: Session) -> None:
    measured(session, adult(session))
    assert listed(session, nurse(), adult(session)) == []


def test_treating_doctor_reads_the_list_and_leaves_a_trace(session: Session) -> None:
    physician, person = in_care(session)
    measured(session, opened_account(session, person.person).id)
    assert pulses(listed(session, physician, person.person)) == [70]
    add_events(session)
    (access,) = session.scalars(select(ChartAccess))
    assert (access.reader_id, access.part, access.basis) == (physician.person, "vitals", "appointment")


@pytest.mark.parametrize("reader", [doctor, desk, patient], ids=lambda reader: reader.__name__)
def test_list_is_hidden_from_others(session: Session, reader: Any) -> None:
    person = adult(session)
    with pytest.raises(NotFound):
        listed(session, reader(), person)


@pytest.mark.parametrize("count", [1, 5])
def test_list_takes_three_statements(session: Session, count: int) -> None:
    physician, person = in_care(session)
    opened_account(session, person.person)
    for _reading in range(count):
        measured(session, person.person)
    with statements(session) as sent:
        assert len(listed(session, physician, person.person)) == count
    assert len(sent) == 3


def test_last_reading_is_shown_whole(session: Session) -> None:
    person = adult(session)
    measured(session, person, measured_at=hours(-1), **ILL)
    last = measured(session, person, pulse=95.0)
    found = queries.latest_vitals(session, person)
    assert VitalsView.dump_one(found) == VitalsView.dump_one(last)
    assert queries.latest_vitals(session, uuid7()) is None


def test_last_reading_is_not_one_entered_in_error(session: Session) -> None:
    person = adult(session)
    first = measured(session, person, measured_at=hours(-1))
    withdrawn(session, measured(session, person, **ILL)["id"])
    found = queries.latest_vitals(session, person)
    assert found is not None
    assert found["id"] == first["id"]


def test_last_weight_is_found_behind_later_readings(session: Session) -> None:
    person = adult(session)
    measured_at = hours(-2)
    measured(session, person, weight_kg=71.5, measured_at=measured_at)
    measured(session, person)
    assert queries.latest_weight(session, person) == (71.5, measured_at)
    assert queries.latest_weight(session, adult(session)) is None


def test_last_scores_of_many_patients_take_one_statement(session: Session) -> None:
    people = [adult(session) for _person in range(4)]
    measured(session, people[0], measured_at=hours(-1), **ILL)
    measured(session, people[0], **WELL)
    measured(session, people[0], pain=3)
    measured(session, people[1], spo2=80.0)
    measured(session, people[2], pain=3)
    session.flush()
    with statements(session) as sent:
        found = queries.latest_scores(session, people)
    assert {person: (one.score, one.level) for person, one in found.items()} == {
        people[0]: (0, "low"),
        people[1]: (None, "red_parameter"),
    }
    assert len(sent) == 1


def test_last_score_is_not_of_a_reading_entered_in_error(session: Session) -> None:
    person = adult(session)
    measured(session, person, measured_at=hours(-1))
    withdrawn(session, measured(session, person, **ILL)["id"])
    assert queries.latest_scores(session, [person])[person].score == 0


def test_scores_of_no_patients_are_empty(session: Session) -> None:
    assert queries.latest_scores(session, []) == {}
