"""Billing's copies of doctors."""

import pytest
from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence import tables
from chassis.persistence.database import Session
from contracts.auth.events import UserErased
from services.billing import directory, price_lookup
from tests.billing.factories import approve, heard, price, seen, visit
from tests.events import example_of


@pytest.mark.parametrize("sequences", [(1, 2), (2, 1)])
def test_the_newer_approval_wins_in_whatever_order_they_come(session: Session, sequences: tuple[int, int]) -> None:
    doctor_id = uuid7()
    for sequence in sequences:
        approve(session, doctor_id, "neurology" if sequence == 2 else "cardiology", sequence)
    assert price_lookup.specialization_of(session, doctor_id) == "neurology"


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


def test_replies_to_somebody_erased_are_forgotten_and_what_was_charged_is_not(session: Session) -> None:
    doctor_id, key = uuid7(), {"command": "c", "key": "k", "fingerprint": "f", "created_at": clock.now()}
    approve(session, doctor_id)
    for who in (doctor_id, uuid7()):
        session.execute(insert(tables.idempotency).values(actor=str(who), reply={"is": {}}, **key))
    directory.forget(session, heard(), example_of(UserErased, user_id=doctor_id))
    left = session.scalars(select(tables.idempotency.c.actor).where(tables.idempotency.c.key == "k")).all()
    assert len(left) == 1
    assert str(doctor_id) not in left
    assert price_lookup.specialization_of(session, doctor_id) == "cardiology"
