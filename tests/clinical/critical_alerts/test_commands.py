"""Acknowledgements: the doctors who may, the kept facts, and that only the first counts."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.critical_alerts import AcknowledgedHow
from services.clinical.critical_alerts import commands
from tests.clinical.critical_factories import POTASSIUM, acknowledge, assigned, critical, raised
from tests.clinical.factories import doctor, in_care, nurse, patient


@pytest.mark.parametrize("how", AcknowledgedHow)
def test_acknowledgement_keeps_how_comment_and_value(session: Session, how: AcknowledgedHow) -> None:
    people = in_care(session)
    alert = raised(session, people, value=Decimal("6.80"))
    found = acknowledge(session, people[0], alert.result_id, how, comment="Read back by phone.")
    kept = (found.how, found.comment, found.test, found.value, found.unit, found.flag, found.result_version)
    assert kept == (how, "Read back by phone.", POTASSIUM, Decimal("6.8"), "mmol/L", "critical_high", 2)
    assert found.acknowledged_by == people[0].person


def test_other_treating_doctor_may_acknowledge(session: Session) -> None:
    people = in_care(session)
    other = assigned(session, people[1])
    alert = raised(session, people)
    assert acknowledge(session, other, alert.result_id).acknowledged_by == other.person


def test_ordering_doctor_may_acknowledge_after_care_has_ended(session: Session) -> None:
    physician, person = doctor(), patient()
    alert = commands.raise_alert(session, critical(physician, person))
    session.flush()
    assert acknowledge(session, physician, alert.result_id).acknowledged_by == physician.person


@pytest.mark.parametrize("stranger", [doctor, nurse, patient])
def test_others_do_not_see_the_result(session: Session, stranger: Callable[[], Actor]) -> None:
    alert = raised(session)
    with pytest.raises(NotFound) as refused:
        acknowledge(session, stranger(), alert.result_id)
    assert refused.value.code == "not_found"


def test_result_without_an_alert_is_not_found(session: Session) -> None:
    physician, _person = in_care(session)
    with pytest.raises(NotFound):
        acknowledge(session, physician, uuid7())


def test_second_acknowledgement_names_the_first(session: Session) -> None:
    people = in_care(session)
    other = assigned(session, people[1])
    alert = raised(session, people)
    acknowledge(session, people[0], alert.result_id)
    with pytest.raises(Conflict) as refused:
        acknowledge(session, other, alert.result_id)
    facts = (refused.value.code, refused.value.facts["acknowledged_by"])
    assert facts == ("already_acknowledged", str(people[0].person))


def test_acknowledgement_is_about_the_corrected_value(session: Session) -> None:
    people = in_care(session)
    first = raised(session, people)
    acknowledge(session, people[0], first.result_id)
    raised(session, people, result_id=first.result_id, result_version=3, value=Decimal("7.1"))
    assert acknowledge(session, people[0], first.result_id).value == Decimal("7.1")


def test_superseded_alert_cannot_be_acknowledged(session: Session) -> None:
    people = in_care(session)
    alert = raised(session, people)
    commands.supersede_alert(session, alert.result_id)
    with pytest.raises(NotFound):
        acknowledge(session, people[0], alert.result_id)
