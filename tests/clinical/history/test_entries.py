"""Entries of histories."""

from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.execution.run import add_events
from chassis.persistence.database import Session
from contracts.clinical.history import HistoryKind
from services.clinical.history.entries import LONGEST_TITLE, Entry, record
from services.clinical.models.history import HistoryEntry
from tests.clinical.factories import doctor


def recorded(session: Session, **facts: object) -> HistoryEntry:
    """Record an entry; return its row."""
    given = {"patient_id": uuid7(), "kind": HistoryKind.DIAGNOSIS, "record_id": uuid7(), "title": "Asthma", **facts}
    record(session, doctor(), Entry(**given))  # type: ignore[arg-type]  # the facts of a test
    add_events(session)
    return session.scalars(select(HistoryEntry)).one()


def test_entry_keeps_title_and_details(session: Session) -> None:
    entry = recorded(session, details={"status": "active"})
    assert (entry.title, entry.details, entry.version) == ("Asthma", {"status": "active"}, 1)


def test_long_title_is_cut(session: Session) -> None:
    assert len(recorded(session, title="x" * 400).title) == LONGEST_TITLE
