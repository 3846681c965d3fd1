"""The access to charts: who may see a chart, and the record of each reading."""

from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from datetime import timedelta
from uuid import UUID

from sqlalchemy import bindparam, select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.care import CARERS, DOCTOR, AccessBasis, ChartPart
from contracts.clinical.patients import NO_SUCH_PATIENT_IN_YOUR_CARE
from contracts.refusals import NO_SUCH_PATIENT
from contracts.roles import Role
from services.clinical.care import treatments
from services.clinical.models.care import ChartAccess
from services.clinical.models.patients import PATIENT

STAFF_BASIS = {
    Role.NURSE: AccessBasis.NURSING,
    Role.PHARMACIST: AccessBasis.PHARMACY,
    Role.LAB_TECHNICIAN: AccessBasis.LABORATORY,
}
"""The basis of roles that see the charts of all patients, or parts of them."""
KNOWN = select(PATIENT.c.id).where(PATIENT.c.id == bindparam("patient_id"), PATIENT.c.erased_at.is_(None))


LISTED_AGAIN_AFTER = timedelta(hours=1)
"""A screen that repeats a list every minute would fill the access log of the patient."""


def treats(session: Session, doctor_id: UUID, patient_id: UUID) -> bool:
    """Return whether the doctor treats the patient now."""
    return patient_id in treatments.bases(session, doctor_id, [patient_id])


def must_treat(session: Session, actor: Actor, patient_id: UUID) -> None:
    """Refuse doctors who do not treat the patient now. Raises NotYet: the event of a started visit may be on its way.

    A foreign patient and an unknown id get the same refusal after the same time.
    """
    must_care(session, actor, patient_id, DOCTOR)


def must_care(session: Session, actor: Actor, patient_id: UUID, roles: AbstractSet[Role] = CARERS) -> AccessBasis:
    """Refuse callers who may not act on the patient's chart in one of these roles; return why they may.

    Staff see all patients. Doctors must treat the patient. NotFound: the caller may not see the patient.
    """
    is_doctor = actor.has(DOCTOR & roles)
    basis = treatments.bases(session, actor.person, [patient_id]).get(patient_id) if is_doctor else None
    if basis is None:
        basis = next((STAFF_BASIS[role] for role in STAFF_BASIS if role in roles and role in actor.roles), None)
        if basis is not None and not _is_known(session, patient_id):
            raise NO_SUCH_PATIENT.not_yet()
    if basis is None:
        raise NO_SUCH_PATIENT_IN_YOUR_CARE.not_yet() if is_doctor else NO_SUCH_PATIENT()
    return basis


def _is_known(session: Session, patient_id: UUID) -> bool:
    return session.execute(KNOWN, {"patient_id": patient_id}).first() is not None


def open_chart(
    session: Session, actor: Actor, patient_id: UUID, part: ChartPart, roles: AbstractSet[Role] = CARERS
) -> None:
    """Refuse callers who may not read this part of a chart, and record the reading for the patient.

    The contract of the query must be `audited`, because the record needs a transaction.
    """
    basis = must_care(session, actor, patient_id, roles)
    record_readings(session, actor, [patient_id], part, basis)
    session.note(record_id=patient_id)


def record_readings(
    session: Session, actor: Actor, patient_ids: Iterable[UUID], part: ChartPart, basis: AccessBasis
) -> None:
    """Record that the caller read this part of the charts of these patients, each once."""
    now = clock.now()
    for patient_id in dict.fromkeys(patient_ids):
        session.append(
            ChartAccess,
            id=uuid7(),
            patient_id=patient_id,
            reader_id=actor.person,
            part=part,
            basis=basis,
            at=now,
        )


def record_listed(
    session: Session, actor: Actor, patient_ids: Collection[UUID], part: ChartPart, basis: AccessBasis
) -> None:
    """Record that a list showed this part of the charts of these patients, at most once an hour for each.

    The audit has every reading of the list.
    """
    query = select(ChartAccess.patient_id).where(
        ChartAccess.reader_id == actor.person,
        ChartAccess.at > clock.now() - LISTED_AGAIN_AFTER,
        ChartAccess.patient_id.in_(patient_ids),
        ChartAccess.part == part,
        ChartAccess.basis == basis,
    )
    known = set(session.scalars(query)) if patient_ids else set()
    record_readings(session, actor, [one for one in patient_ids if one not in known], part, basis)
