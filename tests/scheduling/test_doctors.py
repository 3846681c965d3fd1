"""The directory: copies of what auth says, which stale events never spoil."""

import random

import eventlet
import pytest
from uuid_utils.compat import uuid7

from chassis.database import Database, Session
from services.scheduling import doctors
from tests.scheduling.factories import heard, in_transaction, patient, together


def listed(session: Session, **fields: object) -> list[tuple[str, str]]:
    """Name and specialization of the doctors in the directory."""
    given = {"specialization": None, "limit": 100, "cursor": None, **fields}
    page = doctors.listing(session, patient(), **given)  # type: ignore[arg-type]
    return [(row.name, row.specialization) for row in page.items]


def remember(session: Session, sequence: int, name: str, specialization: str = "cardiology", **fields: object) -> None:
    """Hear that a doctor was approved."""
    given = {"doctor_id": uuid7(), "name": name, "specialization": specialization, **fields}
    doctors.remember(session, heard(sequence), **given)  # type: ignore[arg-type]


def test_an_approved_doctor_is_in_the_directory(session: Session) -> None:
    remember(session, 1, "Dr Weiss")
    assert listed(session) == [("Dr Weiss", "cardiology")]


def test_the_directory_is_by_name(session: Session) -> None:
    for name in ("Dr Chen", "Dr Adams", "Dr Baker"):
        remember(session, 1, name)
    assert [name for name, _ in listed(session)] == ["Dr Adams", "Dr Baker", "Dr Chen"]


def test_the_directory_may_be_of_one_specialization(session: Session) -> None:
    remember(session, 1, "Dr Weiss")
    remember(session, 2, "Dr Chen", "dermatology")
    assert listed(session, specialization="dermatology") == [("Dr Chen", "dermatology")]


def test_a_newer_event_wins(session: Session) -> None:
    doctor_id = uuid7()
    remember(session, 1, "Dr Weiss", doctor_id=doctor_id)
    remember(session, 2, "Dr Weiss-Rao", doctor_id=doctor_id)
    assert listed(session) == [("Dr Weiss-Rao", "cardiology")]


@pytest.mark.parametrize("late", [1, 2])
def test_a_stale_event_never_wins(session: Session, late: int) -> None:
    doctor_id = uuid7()
    remember(session, 2, "Dr Weiss-Rao", doctor_id=doctor_id)
    remember(session, late, "Dr Weiss", doctor_id=doctor_id)
    assert listed(session) == [("Dr Weiss-Rao", "cardiology")]


def test_the_newest_of_many_events_at_once_wins(fresh: Database) -> None:
    doctor_id, order = uuid7(), list(range(1, 13))
    random.shuffle(order)

    def work(sequence: int) -> None:
        def take(session: Session) -> None:
            eventlet.sleep(0)
            remember(session, sequence, f"Dr {sequence}", doctor_id=doctor_id)

        in_transaction(fresh, take)

    together(*[lambda sequence=sequence: work(sequence) for sequence in order])
    with fresh.read() as session:
        assert listed(session) == [("Dr 12", "cardiology")]
