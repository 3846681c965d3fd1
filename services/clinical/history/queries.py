"""Read the history of a patient."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import Table, bindparam, func, select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import Listing
from contracts.clinical.care import ChartPart
from contracts.clinical.history import GetHistoryOfPatient, GetMyHistory
from services.clinical import listings
from services.clinical.care.access import open_chart
from services.clinical.directory import people
from services.clinical.models.history import HistoryEntry

ENTRY = cast("Table", HistoryEntry.__table__)
ENTRIES = Listing(list(ENTRY.c), (ENTRY.c.at, ENTRY.c.id))
LAST_VERSIONS = (
    select(ENTRY.c.record_id, func.max(ENTRY.c.version).label("version"))
    .where(ENTRY.c.record_id.in_(bindparam("ids", expanding=True)))
    .group_by(ENTRY.c.record_id)
)


def of_own(session: Session, actor: Actor, query: GetMyHistory) -> Page:
    """List the patient's own history."""
    actor.may_act_for(query.patient_id)
    return _page(session, query)


def of_patient(session: Session, actor: Actor, query: GetHistoryOfPatient) -> Page:
    """List the history of a patient for a nurse or a treating doctor."""
    open_chart(session, actor, query.patient_id, ChartPart.SUMMARY)
    return _page(session, query)


def _page(session: Session, query: GetMyHistory | GetHistoryOfPatient) -> Page:
    """Read a page in three statements: the entries, the last versions of their records, and the names of authors."""
    found = ENTRIES.page(session, listings.window_of(query), patient_id=query.patient_id, kind=query.kind)
    last = _last_versions(session, [row.record_id for row in found.items])
    names = people.names_of(session, (row.author_id for row in found.items))
    items = [
        {
            **row._asdict(),
            "id": row.record_id,
            "is_current": row.version == last[row.record_id],
            "author_name": names.get(row.author_id),
        }
        for row in found.items
    ]
    return Page(items, found.next)


def _last_versions(session: Session, record_ids: Sequence[UUID]) -> dict[UUID, int]:
    found = session.rows(LAST_VERSIONS, {"ids": record_ids}) if record_ids else []
    return {row.record_id: row.version for row in found}
