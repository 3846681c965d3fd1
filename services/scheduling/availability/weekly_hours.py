"""Weekly hours of doctors."""

from sqlalchemy import delete, insert, select

from chassis import config
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.audit import ADMINS
from contracts.roles import DESK
from contracts.scheduling.availability import (
    RULES_OVERLAP,
    GetSchedule,
    RuleView,
    ScheduleView,
    SetSchedule,
)
from services.scheduling import rules
from services.scheduling.directory import doctors
from services.scheduling.models.availability import AvailabilityRule
from services.scheduling.models.directory import Doctor


def set_schedule(session: Session, actor: Actor, command: SetSchedule) -> ScheduleView:
    """Replace a doctor's weekly hours."""
    actor.may_act_for(command.doctor_id, ADMINS)
    # Of two who replace at once, the second sees what the first has written, and does not only add to it.
    session.lock_people(command.doctor_id)
    doctor = session.get(Doctor, command.doctor_id, with_for_update=True)
    doctors.check(None if doctor is None else doctor.is_active)
    assert doctor is not None  # noqa: S101  for the type checker: else there is no such doctor
    session.call.expects(doctor.schedule_revision)
    _check_overlaps(command.rules)
    session.execute(delete(AvailabilityRule).where(AvailabilityRule.doctor_id == command.doctor_id))
    if command.rules:
        session.execute(
            insert(AvailabilityRule), [{"doctor_id": command.doctor_id, **rule.given()} for rule in command.rules]
        )
    doctor.schedule_revision += 1
    session.note(record_id=command.doctor_id)
    return _schedule(command.rules, doctor.schedule_revision)


def _check_overlaps(given: list[RuleView]) -> None:
    """Refuse with `rules_overlap` when two rules overlap."""
    found = rules.rules_that_overlap(given)
    if found is not None:
        first, second = found
        errors = {"rules": {str(second): [f"Overlaps with the rule at place {first}, counted from 0."]}}
        raise RULES_OVERLAP(errors=errors, rules=[*found])


def _schedule(hours: list[RuleView], revision: int) -> ScheduleView:
    return ScheduleView(rules=hours, timezone=config.current().hospital_timezone.key, revision=revision)


def get_schedule(session: Session, actor: Actor, query: GetSchedule) -> ScheduleView:
    """Get a doctor's weekly hours."""
    actor.may_act_for(query.doctor_id, DESK)
    statement = select(Doctor.schedule_revision).where(Doctor.id == query.doctor_id, Doctor.is_active)
    revision = session.scalar(statement)
    if revision is None:
        raise doctors.missing(actor, query.doctor_id)
    hours = select(AvailabilityRule).where(AvailabilityRule.doctor_id == query.doctor_id)
    in_order = hours.order_by(AvailabilityRule.weekday, AvailabilityRule.from_, AvailabilityRule.id)
    return _schedule([_rule_view(rule) for rule in session.scalars(in_order)], revision)


def _rule_view(rule: AvailabilityRule) -> RuleView:
    return RuleView(
        weekday=rule.weekday,
        from_=rule.from_,
        to=rule.to,
        slot_minutes=rule.slot_minutes,
        place=rule.place,
        valid_from=rule.valid_from,
        valid_to=rule.valid_to,
    )
