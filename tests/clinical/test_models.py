"""Rows of clinical: what they say, and what the database refuses."""

import pytest
from sqlalchemy.exc import IntegrityError, InvalidRequestError

from chassis.persistence.database import Database, Session
from contracts.clinical.prescriptions import PrescriptionItemView
from matron.migrations import differences
from services.clinical.models.prescriptions import Prescription, PrescriptionItem
from tests.clinical.factories import in_care, prescribed
from transports.engines import violated


def test_an_item_says_its_dose_as_value_and_unit() -> None:
    item = PrescriptionItem(dose_value=0.5, dose_unit="mg")
    assert PrescriptionItemView.dump_one(item)["dose"] == {"value": 0.5, "unit": "mg"}


def test_the_migrated_database_is_what_the_models_say(database: Database) -> None:
    assert differences("clinical", database) == []


def test_a_dose_too_small_for_six_digits_is_kept(session: Session) -> None:
    written = prescribed(session, *in_care(session))
    written.items[0].dose_value = 0.000_000_25
    session.flush()
    session.refresh(written.items[0])
    assert written.items[0].dose_value == 0.000_000_25


def test_a_dose_of_nothing_is_refused(session: Session) -> None:
    written = prescribed(session, *in_care(session))
    written.items[0].dose_value = 0
    with pytest.raises(IntegrityError) as refused:
        session.flush()
    assert "dose_is_positive" in violated(refused.value)


def test_items_are_never_loaded_behind_ones_back(session: Session) -> None:
    written = prescribed(session, *in_care(session))
    session.expunge_all()
    again = session.get_one(Prescription, written.id)
    with pytest.raises(InvalidRequestError, match="raise"):
        _ = again.items
