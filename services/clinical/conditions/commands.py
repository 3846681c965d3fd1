"""Record conditions, and change them by new versions."""

from collections.abc import Mapping
from datetime import date

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.conditions import (
    ALREADY_RESOLVED,
    CHANGES,
    AddCondition,
    AmendCondition,
    ConditionStatus,
    EnterConditionInError,
    ResolveCondition,
)
from contracts.clinical.history import HistoryKind
from services.clinical import versions
from services.clinical.care.access import must_treat
from services.clinical.conditions import rules
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.models.conditions import Condition


def add(session: Session, actor: Actor, command: AddCondition) -> Mapping[str, object]:
    """Record a condition of a patient in the doctor's care."""
    must_treat(session, actor, command.patient_id)
    rules.check_dates(command.status, command.onset_on, command.resolved_on, _today())
    facts = {name: getattr(command, name) for name in CHANGES}
    return _note(session, actor, versions.add_first(session, actor, Condition, command.patient_id, **facts))


def resolve(session: Session, actor: Actor, command: ResolveCondition) -> Mapping[str, object]:
    """Record that a condition is resolved, today unless a date is given."""
    must_treat(session, actor, command.patient_id)
    condition = versions.amendable(session, Condition, command.patient_id, command.condition_id)
    if condition.status == ConditionStatus.RESOLVED:
        raise ALREADY_RESOLVED()
    changes = {"status": ConditionStatus.RESOLVED, "resolved_on": command.resolved_on or _today()}
    return _change(session, actor, condition, command.reason, changes)


def amend(session: Session, actor: Actor, command: AmendCondition) -> Mapping[str, object]:
    """Amend a condition by a new version. Only a resolved condition keeps the date of its end."""
    must_treat(session, actor, command.patient_id)
    condition = versions.amendable(session, Condition, command.patient_id, command.condition_id)
    changes = {name: value for name, value in command.given().items() if name in CHANGES}
    if changes.get("status", condition.status) != ConditionStatus.RESOLVED:
        changes.setdefault("resolved_on", None)
    return _change(session, actor, condition, command.reason, changes)


def enter_in_error(session: Session, actor: Actor, command: EnterConditionInError) -> Mapping[str, object]:
    """Mark a condition as entered in error."""
    must_treat(session, actor, command.patient_id)
    condition = versions.amendable(session, Condition, command.patient_id, command.condition_id)
    in_error = ConditionStatus.ENTERED_IN_ERROR
    return _note(session, actor, versions.add_next(session, actor, condition, command.reason, status=in_error))


def _change(
    session: Session, actor: Actor, condition: Condition, reason: str | None, changes: Mapping[str, object]
) -> Mapping[str, object]:
    after = versions.next_of(actor, condition, reason, **changes)
    rules.check_dates(after.status, after.onset_on, after.resolved_on, _today())
    return _note(session, actor, versions.add_next(session, actor, condition, reason, **changes))


def _note(session: Session, actor: Actor, condition: Condition) -> Mapping[str, object]:
    """Add the version to the patient's history, and return it."""
    dates = {name: _text(getattr(condition, name)) for name in ("onset_on", "resolved_on")}
    details = {name: getattr(condition, name) for name in ("text", "code", "status", "reason")}
    entry = Entry(
        patient_id=condition.patient_id,
        kind=HistoryKind.CONDITION,
        record_id=condition.id,
        title=condition.text.strip().splitlines()[0],
        details={**details, **dates},
        version=condition.version,
    )
    entries.record(session, actor, entry)
    return versions.shown(session, condition)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _today() -> date:
    """Return the day on the hospital's clock."""
    return clock.now().astimezone(config.current().hospital_timezone).date()
