"""Billing's copies of doctors."""

import pytest
from uuid_utils.compat import uuid7

from chassis.database import Session
from services.billing import catalogue
from tests.billing.factories import approve, price, seen, visit


@pytest.mark.parametrize("sequences", [(1, 2), (2, 1)])
def test_the_newer_approval_wins_in_whatever_order_they_come(session: Session, sequences: tuple[int, int]) -> None:
    doctor_id = uuid7()
    for sequence in sequences:
        approve(session, doctor_id, "neurology" if sequence == 2 else "cardiology", sequence)
    assert catalogue.specialization_of(session, doctor_id) == "neurology"


def test_a_late_approval_prices_and_issues_the_visit_that_came_first(session: Session) -> None:
    doctor_id = uuid7()
    price(session, 8000)
    draft = visit(session, doctor_id=doctor_id)
    assert seen(session, draft)["lines"][0].code is None
    approve(session, doctor_id)
    view = seen(session, draft)
    assert (view["status"], view["total_minor"]) == ("issued", 8000)
    assert view["lines"][0].code == "consultation:cardiology"


def test_a_late_approval_without_a_price_leaves_the_draft_waiting_for_it(session: Session) -> None:
    doctor_id = uuid7()
    draft = visit(session, doctor_id=doctor_id)
    approve(session, doctor_id)
    assert seen(session, draft)["status"] == "draft"
    price(session, 8000)
    assert seen(session, draft)["status"] == "issued"


def test_an_approval_prices_no_other_doctors_visits(session: Session) -> None:
    price(session)
    other = visit(session)
    approve(session, uuid7())
    assert seen(session, other)["status"] == "draft"
