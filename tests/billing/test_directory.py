"""Copies of doctors."""

import pytest
from sqlalchemy import insert, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence import tables
from chassis.persistence.database import Session
from contracts.auth.events import UserErased
from services.billing import directory
from services.billing.prices import catalogue
from tests.billing.factories import approve, heard, price, view_of, visit
from tests.events import example_of


@pytest.mark.parametrize("sequences", [(1, 2), (2, 1)])
def test_newer_approval_wins_in_any_order(session: Session, sequences: tuple[int, int]) -> None:
    doctor_id = uuid7()
    for sequence in sequences:
        approve(session, doctor_id, "neurology" if sequence == 2 else "cardiology", sequence)
    assert catalogue.specialization_of(session, doctor_id) == "neurology"


def test_late_approval_issues_the_waiting_invoice(session: Session) -> None:
    doctor_id = uuid7()
    price(session, 8000)
    draft = visit(session, doctor_id=doctor_id)
    assert view_of(session, draft).lines[0].code is None
    approve(session, doctor_id)
    view = view_of(session, draft)
    assert (view.status, view.total_minor) == ("issued", 8000)
    assert view.lines[0].code == "consultation:cardiology"


def test_late_approval_without_a_price_leaves_the_draft_waiting(session: Session) -> None:
    doctor_id = uuid7()
    draft = visit(session, doctor_id=doctor_id)
    approve(session, doctor_id)
    assert view_of(session, draft).status == "draft"
    price(session, 8000)
    assert view_of(session, draft).status == "issued"


def test_approval_prices_no_visit_of_another_doctor(session: Session) -> None:
    price(session)
    other = visit(session)
    approve(session, uuid7())
    assert view_of(session, other).status == "draft"


def test_erasure_deletes_replies_and_keeps_the_specialization(session: Session) -> None:
    doctor_id, key = uuid7(), {"command": "c", "key": "k", "fingerprint": "f", "created_at": clock.now()}
    approve(session, doctor_id)
    for person_id in (doctor_id, uuid7()):
        session.execute(insert(tables.idempotency).values(actor=str(person_id), reply={"is": {}}, **key))
    directory.on_user_erased(session, heard(session), example_of(UserErased, user_id=doctor_id))
    left = session.scalars(select(tables.idempotency.c.actor).where(tables.idempotency.c.key == "k")).all()
    assert len(left) == 1
    assert str(doctor_id) not in left
    assert catalogue.specialization_of(session, doctor_id) == "cardiology"
