"""List refill requests."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.care import AccessBasis, ChartPart
from contracts.clinical.refills import ListMyRefillRequests, ListRefillRequests
from services.clinical.care.access import record_readings
from services.clinical.directory.people import names_of
from services.clinical.models.patients import Patient
from services.clinical.models.prescriptions import Prescription
from services.clinical.models.refills import RefillRequest
from services.clinical.prescriptions.queries import LOADED
from services.clinical.refills import access

REQUESTS = select(RefillRequest).options(joinedload(RefillRequest.decision))


def list_own(session: Session, actor: Actor, query: ListMyRefillRequests) -> Page:
    """List the patient's own requests, newest first, in two statements. Ids ascend with time."""
    actor.may_act_for(query.patient_id)
    own = REQUESTS.where(RefillRequest.patient_id == query.patient_id)
    found = page(session, own, (RefillRequest.id,), limit=query.limit, cursor=query.cursor, whole=True)
    return Page(list(shown(session, found.items)), found.next)


def list_to_decide(session: Session, actor: Actor, query: ListRefillRequests) -> Page:
    """List the requests that the doctor decides about, oldest first, and record the readings for the patients."""
    actor.may_act_for(query.doctor_id)
    about = REQUESTS.where(RefillRequest.status == query.status, access.is_decided_by(actor.person))
    keys = (RefillRequest.id,)
    found = page(session, about, keys, limit=query.limit, cursor=query.cursor, newest_first=False, whole=True)
    patients = [request.patient_id for request in found.items]
    record_readings(session, actor, patients, ChartPart.PRESCRIPTIONS, AccessBasis.REFILL_REQUEST)
    return Page(_with_medicines(session, found.items), found.next)


def _with_medicines(session: Session, requests: Sequence[RefillRequest]) -> list[Mapping[str, object]]:
    """Add patients and medicines to requests, in three statements."""
    ids = [request.prescription_id for request in requests]
    known = {
        each.id: each for each in session.scalars(select(Prescription).where(Prescription.id.in_(ids)).options(*LOADED))
    }
    own = Patient.id.in_([request.patient_id for request in requests])
    rows = session.execute(select(Patient.id, Patient.name, Patient.birth_date, Patient.mrn).where(own))
    people = {row.id: row for row in rows}
    return [
        {
            **facts,
            "patient_name": people[request.patient_id].name if request.patient_id in people else None,
            "birth_date": people[request.patient_id].birth_date if request.patient_id in people else None,
            "mrn": people[request.patient_id].mrn if request.patient_id in people else None,
            "items": known[request.prescription_id].items,
        }
        for request, facts in zip(requests, shown(session, requests), strict=True)
    ]


def shown(session: Session, requests: Sequence[RefillRequest]) -> list[Mapping[str, object]]:
    """Return requests as callers see them, with the names of the doctors who decided."""
    names = names_of(session, (request.decision.decided_by for request in requests if request.decision))
    return [_shown(request, names) for request in requests]


def _shown(request: RefillRequest, names: Mapping[UUID, str]) -> Mapping[str, object]:
    decision = request.decision
    decided_by = decision.decided_by if decision else None
    return {
        "id": request.id,
        "prescription_id": request.prescription_id,
        "patient_id": request.patient_id,
        "doctor_id": request.doctor_id,
        "status": request.status,
        "note": request.note,
        "requested_at": request.requested_at,
        "expires_at": request.expires_at,
        "decided_at": decision.decided_at if decision else None,
        "decided_by": decided_by,
        "decided_by_name": names.get(decided_by) if decided_by else None,
        "reason": decision.reason if decision else None,
        "renewed_id": decision.renewed_id if decision else None,
    }
