"""Emergency access to charts, and its review."""

from datetime import timedelta
from typing import Any

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.break_glass import ChartOpenedByBreakGlass, ListBreakGlass, ReviewBreakGlass
from services.clinical import break_glass
from services.clinical.care.access import treats
from services.clinical.models.care import BreakGlass
from tests.clinical.care_steps import admin, break_the_glass, name
from tests.clinical.factories import doctor, in_care, opened_account, published, registered


def review(session: Session, opening: BreakGlass, reviewer: Actor | None = None) -> BreakGlass:
    """Review an access."""
    command = ReviewBreakGlass(break_glass_id=opening.id, comment="justified")
    return break_glass.review(session, reviewer or admin(), command)


def listed(session: Session, **filters: Any) -> list[dict[str, Any]]:
    """Return the listed accesses."""
    return break_glass.listing(session, admin(), ListBreakGlass(**filters)).items


def test_access_lasts_two_hours(session: Session) -> None:
    opening = break_the_glass(session, registered(session).id)
    assert opening.until - opening.opened_at == timedelta(hours=2)


def test_access_opens_the_chart(session: Session) -> None:
    physician, person = doctor(), registered(session)
    break_the_glass(session, person.id, physician)
    assert treats(session, physician.person, person.id)


def test_access_publishes_ids_without_the_reason(session: Session) -> None:
    opening = break_the_glass(session, registered(session).id)
    [event] = published(session, ChartOpenedByBreakGlass)
    assert event.keys() == {"break_glass_id", "patient_id", "doctor_id", "until"}
    assert event["break_glass_id"] == opening.id


def test_access_is_refused_to_a_treating_doctor(session: Session) -> None:
    physician, person = in_care(session)
    opened_account(session, person.person)
    with pytest.raises(Conflict) as refused:
        break_the_glass(session, person.person, physician)
    assert refused.value.code == "already_in_care"


def test_access_to_an_unknown_patient_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        break_the_glass(session, uuid7())


def test_access_is_listed_until_it_is_reviewed(session: Session) -> None:
    opening = break_the_glass(session, registered(session).id)
    assert [row["id"] for row in listed(session, reviewed=False)] == [opening.id]
    review(session, opening)
    session.flush()
    assert listed(session, reviewed=False) == []


def test_list_shows_the_names_of_doctor_and_patient(session: Session) -> None:
    physician = doctor()
    name(session, physician, "Dr Lena Weiss")
    break_the_glass(session, registered(session).id, physician)
    [row] = listed(session)
    assert (row["doctor_name"], row["patient_name"]) == ("Dr Lena Weiss", "Asha Rao")


def test_second_review_is_refused(session: Session) -> None:
    opening = break_the_glass(session, registered(session).id)
    review(session, opening)
    with pytest.raises(Conflict) as refused:
        review(session, opening)
    assert refused.value.code == "already_reviewed"


def test_review_of_the_own_access_is_refused(session: Session) -> None:
    physician = doctor()
    opening = break_the_glass(session, registered(session).id, physician)
    with pytest.raises(Forbidden) as refused:
        review(session, opening, physician)
    assert refused.value.code == "own_opening"


def test_review_of_an_unknown_access_is_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        break_glass.review(session, admin(), ReviewBreakGlass(break_glass_id=uuid7(), comment=None))
