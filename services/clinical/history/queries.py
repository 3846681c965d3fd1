"""Read the history of a patient."""

from typing import cast

from sqlalchemy import Table, exists, select

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import Listing
from contracts.clinical.care import ChartPart
from contracts.clinical.history import GetHistoryOfPatient, GetMyHistory
from services.clinical import listings
from services.clinical.care.access import open_chart
from services.clinical.directory.people import NAME
from services.clinical.models.directory import PERSON
from services.clinical.models.history import HistoryEntry

ENTRY = cast("Table", HistoryEntry.__table__)
LATER = ENTRY.alias("later")
HAS_LATER = exists().where(LATER.c.record_id == ENTRY.c.record_id, LATER.c.version > ENTRY.c.version)
AUTHOR_NAME = select(NAME).where(PERSON.c.id == ENTRY.c.author_id).scalar_subquery()
SHOWN = (*ENTRY.c, (~HAS_LATER).label("is_current"), AUTHOR_NAME.label("author_name"))
"""The columns of an entry, whether it is the last version of its record, and the name of its author."""
ENTRIES = Listing(SHOWN, (ENTRY.c.at, ENTRY.c.id))


def of_own(session: Session, actor: Actor, query: GetMyHistory) -> Page:
    """List the patient's own history."""
    actor.may_act_for(query.patient_id)
    return _page(session, query)


def of_patient(session: Session, actor: Actor, query: GetHistoryOfPatient) -> Page:
    """List the history of a patient for a nurse or a treating doctor."""
    open_chart(session, actor, query.patient_id, ChartPart.SUMMARY)
    return _page(session, query)


def _page(session: Session, query: GetMyHistory | GetHistoryOfPatient) -> Page:
    """Read a page in one statement."""
    found = ENTRIES.page(session, listings.window_of(query), patient_id=query.patient_id, kind=query.kind)
    return Page([{**row._asdict(), "id": row.record_id} for row in found.items], found.next)
