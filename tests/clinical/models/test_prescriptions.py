"""Rows of prescriptions, and the limits of the database."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from uuid_utils.compat import uuid7

from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionItemView, PrescriptionStatus
from services.clinical.models.prescriptions import Prescription, PrescriptionItem
from tests.clinical.factories import in_care, prescribed
from transports.engines import violated


def test_item_has_a_dose_with_value_and_unit() -> None:
    item = PrescriptionItem(dose_value=0.5, dose_unit="mg")
    assert PrescriptionItemView.dump_one(item)["dose"] == {"value": 0.5, "unit": "mg"}


def _add_item(session: Session, dose: float) -> PrescriptionItem:
    """Add an item with this dose to a prescription."""
    written = prescribed(session, *in_care(session))
    facts = {"medicine": "a", "dose_unit": "mg", "route": "oral", "frequency": "daily", "days": 1, "quantity": 1}
    row = PrescriptionItem(id=uuid7(), prescription_id=written.id, position=1, dose_value=dose, refills=0, **facts)
    session.add(row)
    session.flush()
    return row


def test_very_small_dose_is_kept(session: Session) -> None:
    row = _add_item(session, 0.000_000_25)
    session.refresh(row)
    assert row.dose_value == 0.000_000_25


def test_zero_dose_is_refused(session: Session) -> None:
    with pytest.raises(IntegrityError) as refused:
        _add_item(session, 0)
    assert "dose_is_positive" in violated(refused.value)


def test_item_refuses_another_dose(session: Session) -> None:
    row = _add_item(session, 1)
    row.dose_value = 2
    with pytest.raises(TypeError, match="append-only"):
        session.flush()


def test_prescription_takes_another_status_only(session: Session) -> None:
    written = prescribed(session, *in_care(session))
    written.status = PrescriptionStatus.DISCONTINUED
    session.flush()
    written.instructions = "Other."
    with pytest.raises(TypeError, match="append-only"):
        session.flush()


@pytest.mark.parametrize("change", ["UPDATE prescription SET instructions = 'x'", "DELETE FROM prescription_item"])
def test_trigger_of_prescriptions_refuses_sql(session: Session, change: str) -> None:
    written = prescribed(session, *in_care(session))
    if not session.is_postgresql:
        pytest.skip("SQLite has the guard of the ORM alone")
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(text(change))
    session.execute(text("UPDATE prescription SET status = 'discontinued'"))
    assert session.get_one(Prescription, written.id, populate_existing=True).status == "discontinued"


def test_items_are_never_loaded_implicitly(session: Session) -> None:
    written = prescribed(session, *in_care(session))
    session.expunge_all()
    again = session.get_one(Prescription, written.id)
    with pytest.raises(InvalidRequestError, match="raise"):
        _ = again.items
