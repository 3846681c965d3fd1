"""Lists of payments."""

import pytest

from chassis.errors import NotFound
from chassis.persistence.database import Session
from contracts.billing.payments import ListMyPayments, PaymentView
from services.billing.payments import queries
from tests.billing.factories import invoice, patient, pay, press


def test_patient_sees_own_payments_newest_first_with_reasons(session: Session) -> None:
    bill = invoice(session)
    declined, waiting = pay(session, bill, 100), pay(session, bill, 200)
    press(session, declined, "decline")
    found = queries.list_own(
        session, patient(bill.patient_id), ListMyPayments(patient_id=bill.patient_id, limit=20, cursor=None)
    )
    shown = [PaymentView.dump_one(row) for row in found.items]
    assert [(row["id"], row["status"], row["reason"]) for row in shown] == [
        (waiting.id, "pending", None),
        (declined.id, "failed", "declined"),
    ]


def test_payments_of_another_patient_are_not_found(session: Session) -> None:
    with pytest.raises(NotFound):
        queries.list_own(
            session, patient(), ListMyPayments(patient_id=invoice(session).patient_id, limit=20, cursor=None)
        )
