"""Nurses and doctors end the observations of a patient."""

from typing import Any

import pytest

from chassis.errors import NotFound
from chassis.persistence.database import Session
from contracts.clinical.observations import ObservationEndView, ObservationsEnded
from tests.clinical.factories import desk, doctor, in_care, nurse, patient, published
from tests.clinical.observations_factories import ended
from tests.clinical.vitals_factories import adult


def test_end_has_author_and_reason(session: Session) -> None:
    person, author = adult(session), nurse()
    shown = ObservationEndView.dump_one(ended(session, person, by=author))
    assert (shown["patient_id"], shown["ended_by"], shown["reason"]) == (person, author.person, "Discharged.")


def test_treating_doctor_ends_observations(session: Session) -> None:
    physician, person = in_care(session)
    written = ended(session, person.person, by=physician)
    assert published(session, ObservationsEnded) == [{"patient_id": person.person, "ended_at": written.ended_at}]


@pytest.mark.parametrize("caller", [doctor, desk, patient], ids=lambda caller: caller.__name__)
def test_others_do_not_end_observations(session: Session, caller: Any) -> None:
    with pytest.raises(NotFound):
        ended(session, adult(session), by=caller())
