"""Record allergies and the statement that there are none, and change them by new versions."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.allergies import (
    ALLERGIES_STAND,
    CHANGES,
    STATEMENT_FIXED,
    AddAllergy,
    AllergyCertainty,
    AllergyStatus,
    AmendAllergy,
    EnterAllergyInError,
)
from contracts.clinical.history import HistoryKind
from services.clinical import versions
from services.clinical.allergies.queries import current_allergies
from services.clinical.care.access import must_care
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.models.allergies import Allergy

NONE_KNOWN = "No known allergies"


def add(session: Session, actor: Actor, command: AddAllergy) -> Mapping[str, object]:
    """Record an allergy, or the statement that there are none."""
    must_care(session, actor, command.patient_id)
    session.lock_people(command.patient_id)
    write = _state_none if command.no_known_allergies else _add_allergy
    return write(session, actor, command)


def _add_allergy(session: Session, actor: Actor, command: AddAllergy) -> Mapping[str, object]:
    facts = {name: getattr(command, name) for name in CHANGES}
    facts["certainty"] = command.certainty or AllergyCertainty.UNCONFIRMED
    kept = {"status": AllergyStatus.ACTIVE, "no_known_allergies": False}
    added = versions.add_first(session, actor, Allergy, command.patient_id, **facts, **kept)
    _withdraw_statement(session, actor, added)
    return _note(session, actor, added)


def _state_none(session: Session, actor: Actor, command: AddAllergy) -> Mapping[str, object]:
    """Add the statement, or a new version of it. Refused while allergies stand."""
    standing = current_allergies(session, command.patient_id).allergies
    if standing:
        raise ALLERGIES_STAND(allergy_ids=[str(one.id) for one in standing])
    known = _statement(session, command.patient_id)
    if known is not None:
        return _note(session, actor, versions.add_next(session, actor, known, None))
    facts = {"status": AllergyStatus.ACTIVE, "no_known_allergies": True}
    return _note(session, actor, versions.add_first(session, actor, Allergy, command.patient_id, **facts))


def amend(session: Session, actor: Actor, command: AmendAllergy) -> Mapping[str, object]:
    """Amend an allergy by a new version. An allergy that is no longer refuted supersedes the statement."""
    must_care(session, actor, command.patient_id)
    session.lock_people(command.patient_id)
    allergy = versions.amendable(session, Allergy, command.patient_id, command.allergy_id)
    if allergy.no_known_allergies:
        raise STATEMENT_FIXED()
    changes = {name: value for name, value in command.given().items() if name in CHANGES}
    amended = versions.add_next(session, actor, allergy, command.reason, **changes)
    _withdraw_statement(session, actor, amended)
    return _note(session, actor, amended)


def enter_in_error(session: Session, actor: Actor, command: EnterAllergyInError) -> Mapping[str, object]:
    """Mark an allergy or a statement as entered in error."""
    must_care(session, actor, command.patient_id)
    allergy = versions.amendable(session, Allergy, command.patient_id, command.allergy_id)
    in_error = AllergyStatus.ENTERED_IN_ERROR
    return _note(session, actor, versions.add_next(session, actor, allergy, command.reason, status=in_error))


def _statement(session: Session, patient_id: UUID) -> Allergy | None:
    """Return the current statement that the patient has no known allergies."""
    query = select(Allergy).where(
        Allergy.patient_id == patient_id,
        Allergy.no_known_allergies,
        Allergy.status == AllergyStatus.ACTIVE,
        Allergy.superseded_by.is_(None),
    )
    return session.scalar(query)


def _withdraw_statement(session: Session, actor: Actor, allergy: Allergy) -> None:
    """Supersede the statement of no known allergies, unless the allergy is refuted."""
    known = _statement(session, allergy.patient_id)
    if known is not None and allergy.certainty != AllergyCertainty.REFUTED:
        _note(session, actor, versions.add_next(session, actor, known, None, status=AllergyStatus.SUPERSEDED))


def _note(session: Session, actor: Actor, allergy: Allergy) -> Mapping[str, object]:
    """Add the version to the patient's history, and return it."""
    names = ("no_known_allergies", *CHANGES, "status", "reason")
    entry = Entry(
        patient_id=allergy.patient_id,
        kind=HistoryKind.ALLERGY,
        record_id=allergy.id,
        title=allergy.substance or NONE_KNOWN,
        details={name: getattr(allergy, name) for name in names},
        version=allergy.version,
    )
    entries.record(session, actor, entry)
    return versions.shown(session, allergy)
