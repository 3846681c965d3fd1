"""Add files to charts, and archive them."""

from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.call import Call
from chassis.errors import Conflict, Invalid, NotFound, Stale
from chassis.execution import idempotency
from chassis.execution.run import add_events
from chassis.persistence.database import Session
from contracts.clinical.attachments import AddAttachment, ArchiveAttachment
from contracts.clinical.history import HistoryKind
from services.clinical.attachments import commands
from services.clinical.models.history import HistoryEntry
from tests.clinical.attachment_factories import DIGEST, added, archived, file, versions_of
from tests.clinical.chart_factories import chart, expected, outcomes


def test_file_is_added_by_doctors_in_care_and_nurses_only(session: Session) -> None:
    found = outcomes(session, chart(session), AddAttachment, commands.add, lambda: {"title": "Letter", "file": file()})
    assert found == expected("treating doctor", "assigned doctor", "doctor by break-glass", "nurse")


def test_added_file_keeps_uploader_time_and_digest(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id, title="Discharge letter")
    (row,) = versions_of(session, attachment_id)
    assert (row.uploaded_by, row.author_id, row.uploaded_at) == (people.nurse.id, people.nurse.id, row.recorded_at)
    assert (row.sha256, row.title, row.status, row.version) == (DIGEST, "Discharge letter", "active", 1)


def test_archive_adds_a_version_with_its_reason(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id)
    archived(session, people.doctor, attachment_id)
    first, second = versions_of(session, attachment_id)
    assert (first.status, first.superseded_by, second.status) == ("active", 2, "archived")
    assert (second.reason, second.author_id, second.uploaded_by) == (
        "Another patient's.",
        people.doctor.id,
        people.nurse.id,
    )


def test_archived_file_is_not_archived_again(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id)
    archived(session, people.nurse, attachment_id)
    with pytest.raises(Conflict, match="already_archived"):
        archived(session, people.nurse, attachment_id)


def test_archive_of_an_unseen_version_is_refused(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id)
    session.call = Call(if_match='"7"')
    with pytest.raises(Stale):
        archived(session, people.nurse, attachment_id)


def test_foreign_file_is_hidden_from_archiving(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id)
    refusals = [refusal(session, people, name, attachment_id) for name in ("other doctor", "doctor after care")]
    assert refusals == [refusal(session, people, "other doctor", uuid7())] * 2


def refusal(session: Session, people: object, name: str, attachment_id: UUID) -> tuple[object, ...]:
    """Return the refusal of a person who archives a file."""
    command = ArchiveAttachment(attachment_id=attachment_id, reason="Mistake.")
    with pytest.raises(NotFound) as refused:
        commands.archive(session, people.people[name], command)  # type: ignore[attr-defined]  # a Chart
    return type(refused.value), *refused.value.args[:2]


def test_history_shows_both_versions(session: Session) -> None:
    people = chart(session)
    attachment_id = added(session, people.nurse, people.patient_id)
    archived(session, people.nurse, attachment_id)
    add_events(session)
    entries = session.query(HistoryEntry).where(HistoryEntry.record_id == attachment_id).order_by(HistoryEntry.version)
    shown = [(entry.kind, entry.version, entry.details["status"], entry.details["reason"]) for entry in entries]
    assert shown == [
        (HistoryKind.ATTACHMENT, 1, "active", None),
        (HistoryKind.ATTACHMENT, 2, "archived", "Another patient's."),
    ]


def payload(**changes: object) -> dict[str, object]:
    """Return the payload of an upload, as the gateway sends it."""
    facts = {"id": str(uuid7()), "name": "a.pdf", "media_type": "application/pdf", "size": 10, "sha256": DIGEST}
    return {"patient_id": str(uuid7()), "title": "Letter", "file": facts | changes}


def test_fingerprint_of_an_upload_leaves_out_its_object_only() -> None:
    first = payload()
    again = {**first, "file": {**payload()["file"]}}  # type: ignore[dict-item]  # the facts of the file
    other = {**first, "file": {**payload(sha256="0" * 64)["file"]}}  # type: ignore[dict-item]  # as above
    prints = [idempotency.fingerprint(AddAttachment, each) for each in (first, again, other)]
    assert prints[0] == prints[1] != prints[2]


@pytest.mark.parametrize(
    "change", [{"size": 0}, {"size": 20 * 1024 * 1024 + 1}, {"sha256": "x"}, {"media_type": "text/html"}]
)
def test_impossible_facts_of_a_file_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        AddAttachment.read(payload(**change))
