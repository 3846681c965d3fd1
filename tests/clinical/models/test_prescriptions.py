"""Rows of prescriptions, and the limits of the database."""

import pytest
from sqlalchemy.exc import IntegrityError, InvalidRequestError

from chassis.persistence.database import Session
from contracts.clinical.prescriptions import PrescriptionItemView
from services.clinical.models.prescriptions import Prescription, PrescriptionItem
from tests.clinical.factories import in_care, prescribed
from transports.engines import violated


def test_item_has_a_dose_with_value_and_unit() -> None:
    item = PrescriptionItem(dose_value=0.5, dose_unit="mg")
    assert PrescriptionItemView.dump_one(item)["dose"] == {"value": 0.5, "unit": "mg"}


def test_very_small_dose_is_kept(session: Session) -> None:
    written = prescribed(session, *in_care(session))
    written.items[0].dose_value = 0.000_000_25
    session.flush()
    session.refresh(written.items[0])
    assert written.items[0].dose_value == 0.000_000_25


def test_zero_dose_is_refused(session: Session) -> None:
    written = prescribed(session, *in_care(session))
    written.items[0].dose_value = 0
    with pytest.raises(IntegrityError) as refused:
        session.flush()
    assert "dose_is_positive" in violated(refused.value)


def test_items_are_never_loaded_implicitly(session: Session) -> None:
    written = prescribed(session, *in_care(session))
    session.expunge_all()
    again = session.get_one(Prescription, written.id)
    with pytest.raises(InvalidRequestError, match="raise"):
        _ = again.items
