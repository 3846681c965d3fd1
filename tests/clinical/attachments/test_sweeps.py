"""The removal of objects that no attachment names."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from chassis import clock, config
from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from services.clinical.attachments import sweeps
from services.clinical.models.attachments import AttachmentSweep
from tests.clinical.attachment_factories import at, row
from tests.ward import settings
from transports.storage.objects import name_of
from transports.storage.stores import store_at

DAY = timedelta(days=1)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a folder as the store."""
    url = f"file://{tmp_path}/attachments"
    monkeypatch.setattr(config, "_current", settings(attachments_url=url))
    return tmp_path / "attachments"


def stored(object_id: UUID) -> UUID:
    """Store an object."""
    upload = store_at(config.current().attachments_url).begin(name_of(object_id))
    upload.write(b"bytes")
    upload.complete()
    return object_id


def swept(session: Session) -> bool:
    """Run the timer; return whether a day was due."""
    chosen = sweeps.plan(session, SYSTEM)
    if chosen:
        sweeps.finish(session, SYSTEM, chosen, sweeps.sweep(chosen))
    session.flush()
    return chosen is not None


def days_ago(count: int) -> datetime:
    """Return noon (UTC) of a day."""
    return datetime.combine(clock.now().astimezone(UTC).date(), datetime.min.time(), UTC) + DAY / 2 - count * DAY


def names(folder: Path) -> set[str]:
    """Return the names of all stored files."""
    return {path.name for path in folder.glob("*/*")}


def test_first_run_only_remembers_the_day(session: Session, folder: Path) -> None:
    orphan = stored(at(days_ago(1)))
    assert (swept(session), swept(session)) == (False, False)
    assert names(folder) == {str(orphan)}


def test_objects_without_a_row_are_deleted_after_a_day(session: Session, folder: Path) -> None:
    session.add(AttachmentSweep(id=sweeps.FIRST, swept_through=days_ago(3).date()))
    known, _orphan = stored(at(days_ago(2))), stored(at(days_ago(2)))
    young = stored(at(days_ago(1)))
    session.add(row(id=known, moment=days_ago(2)))
    session.flush()
    assert (swept(session), swept(session)) == (True, False)
    assert names(folder) == {str(known), str(young)}


@pytest.mark.parametrize("moment", [timedelta(), DAY - timedelta(milliseconds=1)])
def test_rows_of_the_first_and_last_moment_of_a_day_are_known(
    session: Session, folder: Path, moment: timedelta
) -> None:
    session.add(AttachmentSweep(id=sweeps.FIRST, swept_through=days_ago(3).date()))
    known = stored(at(days_ago(2) - DAY / 2 + moment))
    session.add(row(id=known, moment=days_ago(2)))
    session.flush()
    assert swept(session)
    assert names(folder) == {str(known)}


def test_archived_file_is_never_swept(session: Session, folder: Path) -> None:
    session.add(AttachmentSweep(id=sweeps.FIRST, swept_through=days_ago(3).date()))
    known = stored(at(days_ago(2)))
    session.add(row(id=known, moment=days_ago(2), superseded_by=2))
    session.add(row(id=known, moment=days_ago(2), version=2, status="archived"))
    session.flush()
    assert swept(session)
    assert names(folder) == {str(known)}


def test_missed_days_are_swept_one_after_another(session: Session, folder: Path) -> None:
    session.add(AttachmentSweep(id=sweeps.FIRST, swept_through=days_ago(6).date()))
    for count in (5, 4, 3, 2):
        stored(at(days_ago(count)))
    session.flush()
    assert [swept(session) for _ in range(5)] == [True, True, True, True, False]
    assert names(folder) == set()
