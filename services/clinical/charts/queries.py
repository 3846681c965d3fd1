"""Read charts: the patients in a doctor's care, and the access log of a patient."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, Table, case, func, null, or_, select

from chassis import clock
from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import Listing, Window, page
from chassis.persistence.tables import Moment
from contracts.clinical.charts import ListMyChartAccess, ListMyPatients
from services.clinical.care import treatments
from services.clinical.directory import people
from services.clinical.models.care import CareRelation, ChartAccess
from services.clinical.models.patients import Patient
from services.clinical.patients.queries import has_words
from services.clinical.patients.rules import mrn_in, words_of
from services.clinical.vitals.queries import latest_scores

ACCESS = cast("Table", ChartAccess.__table__)
ACCESSES = Listing(list(ACCESS.c), (ACCESS.c.id,))
FACTS = (Patient.id, Patient.name, Patient.mrn, Patient.birth_date, Patient.sex, Patient.name_key)


def my_patients(session: Session, actor: Actor, query: ListMyPatients) -> Page:
    """List the patients in the doctor's care now, in three statements."""
    actor.may_act_for(query.doctor_id)
    care = _care_of(query.doctor_id)
    statement = select(*FACTS, care.c.care_until).join_from(Patient, care, care.c.patient_id == Patient.id)
    statement = statement.where(Patient.erased_at.is_(None), *_matching(query.q))
    keys = (Patient.name_key, Patient.id)
    found = page(session, statement, keys, limit=query.limit, cursor=query.cursor, newest_first=False)
    ids = [row.id for row in found.items]
    appointments = _next_appointments(session, query.doctor_id, ids)
    scores = latest_scores(session, ids)
    items = [
        {**row._asdict(), "next_appointment_at": appointments.get(row.id), "news2": scores.get(row.id)}
        for row in found.items
    ]
    return Page(items, found.next)


def _care_of(doctor_id: UUID) -> Subquery:
    """Return the patients in the doctor's care, each with the latest end of the care; null without an end."""
    treatment = treatments.current()
    has_end = func.count(treatment.c.until) == func.count()
    until = case((has_end, func.max(treatment.c.until, type_=Moment)), else_=null()).label("care_until")
    own = select(treatment.c.patient_id, until).where(treatment.c.doctor_id == doctor_id)
    return own.group_by(treatment.c.patient_id).subquery()


def _matching(text: str | None) -> Sequence[ColumnElement[bool]]:
    """Return the condition that a text is a record number, or begins parts of the name."""
    if text is None:
        return []
    return [or_(Patient.mrn == mrn_in(text), has_words(words_of(text)))]


def _next_appointments(session: Session, doctor_id: UUID, patient_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    """Return the time of each patient's next confirmed appointment with the doctor."""
    first = func.min(CareRelation.from_, type_=Moment)
    query = select(CareRelation.patient_id, first.label("starts_at")).where(
        CareRelation.doctor_id == doctor_id,
        CareRelation.patient_id.in_(patient_ids),
        CareRelation.from_ > clock.now(),
    )
    found = session.execute(query.group_by(CareRelation.patient_id)) if patient_ids else ()
    return {row.patient_id: row.starts_at for row in found}


def access_log(session: Session, actor: Actor, query: ListMyChartAccess) -> Page:
    """List who has read the patient's own chart, newest first, in two statements."""
    actor.may_act_for(query.patient_id)
    found = ACCESSES.page(session, Window(query.limit, query.cursor), patient_id=query.patient_id)
    names = people.names_of(session, (row.reader_id for row in found.items))
    items = [{**row._asdict(), "reader_name": names.get(row.reader_id)} for row in found.items]
    return Page(items, found.next)
