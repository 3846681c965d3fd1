"""Who treats whom, and when."""

from datetime import timedelta

import pytest

from chassis.database import Session
from chassis.errors import NotFound
from services.clinical import care
from services.clinical.rules import AFTER_VISIT
from tests.clinical.factories import doctor, heard, hours, in_care, patient, relation, visit

DAY = 24


def test_a_doctor_treats_the_patient_once_the_visit_has_begun(session: Session) -> None:
    who, whom = in_care(session)
    care.must_treat(session, who, whom.person)


def test_a_doctor_does_not_treat_the_patient_before_the_visit(session: Session) -> None:
    who, whom = in_care(session, starts=1)
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_a_doctor_still_treats_the_patient_in_the_thirty_days_after(session: Session) -> None:
    who, whom = in_care(session, starts=-29.9 * DAY)
    care.must_treat(session, who, whom.person)


def test_care_is_over_thirty_days_after_the_visit(session: Session) -> None:
    who, whom = in_care(session, starts=-30.1 * DAY)
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_another_doctor_does_not_treat_the_patient(session: Session) -> None:
    _who, whom = in_care(session)
    with pytest.raises(NotFound):
        care.must_treat(session, doctor(), whom.person)


def test_a_doctor_does_not_treat_another_patient(session: Session) -> None:
    who, _whom = in_care(session)
    with pytest.raises(NotFound):
        care.must_treat(session, who, patient().person)


def test_a_visit_that_starts_early_opens_the_chart_at_once(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom, starts=2)
    care.agreed(session, heard(), **visited)
    care.met(session, heard(occurred_at=hours(-0.1)), **{**visited, "revision": 3})
    care.must_treat(session, who, whom.person)


def test_a_visit_opens_the_chart_when_its_agreement_was_never_heard_of(session: Session) -> None:
    who, whom = doctor(), patient()
    care.met(session, heard(occurred_at=hours(-0.1)), **visit(who, whom, starts=2))
    care.must_treat(session, who, whom.person)


def test_an_agreement_that_arrives_late_does_not_close_the_chart(session: Session) -> None:
    who, whom = doctor(), patient()
    visited = visit(who, whom, starts=2)
    care.met(session, heard(occurred_at=hours(-0.1)), **{**visited, "revision": 3})
    care.agreed(session, heard(), **visited)
    care.must_treat(session, who, whom.person)


def test_a_newer_agreement_moves_the_relation(session: Session) -> None:
    visited = visit(doctor(), patient())
    care.agreed(session, heard(), **visited)
    later = {"starts_at": hours(48), "ends_at": hours(49), "revision": 4}
    care.agreed(session, heard(), **{**visited, **later})
    assert relation(session, visited).from_ == later["starts_at"]


def test_the_same_event_twice_is_one_relation(session: Session) -> None:
    visited = visit(doctor(), patient())
    for _time in range(2):
        care.agreed(session, heard(), **visited)
    assert relation(session, visited).until == visited["ends_at"] + AFTER_VISIT


def test_one_relation_that_is_over_does_not_end_another(session: Session) -> None:
    who, whom = in_care(session)
    care.agreed(session, heard(), **visit(who, whom, starts=-AFTER_VISIT / timedelta(hours=1) - DAY))
    care.must_treat(session, who, whom.person)


def test_care_goes_with_an_agreed_visit_to_another_doctor(session: Session) -> None:
    who, other, whom = doctor(), doctor(), patient()
    visited = visit(who, whom)
    care.agreed(session, heard(), **visited)
    care.moved(session, heard(), **{**visited, "doctor_id": other.person, "revision": 3}, status="booked")
    care.must_treat(session, other, whom.person)
    with pytest.raises(NotFound):
        care.must_treat(session, who, whom.person)


def test_a_visit_that_is_not_agreed_opens_no_chart_to_another_doctor(session: Session) -> None:
    other, whom = doctor(), patient()
    care.moved(session, heard(), **{**visit(doctor(), whom), "doctor_id": other.person}, status="requested")
    with pytest.raises(NotFound):
        care.must_treat(session, other, whom.person)


def test_the_first_doctor_does_not_treat_when_the_agreement_comes_after_the_change(session: Session) -> None:
    who, other, whom = doctor(), doctor(), patient()
    visited = visit(who, whom)
    care.moved(session, heard(), **{**visited, "doctor_id": other.person, "revision": 3}, status="booked")
    care.agreed(session, heard(), **{**visited, "revision": 2})
    care.must_treat(session, other, whom.person)
