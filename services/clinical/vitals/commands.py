"""Record vital signs, and mark readings as entered in error."""

from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.refusals import WRONG_FIELDS
from contracts.clinical.care import NURSE
from contracts.clinical.oxygen_targets import SCALE_1
from contracts.clinical.versions import ALREADY_IN_ERROR
from contracts.clinical.vitals import (
    NO_SUCH_VITALS,
    EnterVitalsInError,
    RecordVitals,
    VitalsEnteredInError,
    VitalSign,
    VitalsRecorded,
    VitalsStatus,
)
from services.clinical import versions
from services.clinical.care.access import must_care
from services.clinical.conditions.queries import is_pregnant
from services.clinical.directory.people import name_of
from services.clinical.models.append_only import values_of
from services.clinical.models.directory import PERSON
from services.clinical.models.patients import PATIENT
from services.clinical.models.vitals import VITALS, Vitals
from services.clinical.oxygen_targets import scale_of
from services.clinical.vitals import deterioration, history, ranges, rules
from services.clinical.vitals.queries import Shown, shown
from transports import rows

AHEAD = timedelta(minutes=5)
"""How far ahead the clock of a bedside monitor may be."""
BACK = timedelta(days=90)
"""The oldest reading that may still be entered, for example from paper after an outage. A wrong year is older."""


BEDSIDE = select(
    PATIENT.c.birth_date,
    func.coalesce(scale_of(PATIENT.c.id), SCALE_1),
    select(PERSON.c.name).where(PERSON.c.id == bindparam("author_id")).scalar_subquery(),
).where(PATIENT.c.id == bindparam("patient_id"))


class Bedside(NamedTuple):
    """The facts that a reading needs, in one row."""

    birth_date: date | None
    scale: int
    author_name: str | None


def record(session: Session, actor: Actor, command: RecordVitals) -> Shown:
    """Record a reading with its score, and notify doctors and nurses if the patient deteriorates."""
    must_care(session, actor, command.patient_id, NURSE)
    now = clock.now()
    measured_at = command.measured_at or now
    _check_time(measured_at, now)
    bedside = _bedside(session, command.patient_id, actor.person)
    reading = _reading(command, _subject(session, command.patient_id, bedside, measured_at), measured_at)
    reading.author_id, reading.recorded_at = actor.person, now
    rows.add(session, [(VITALS, values_of(reading))])
    history.write(session, actor, reading)
    session.publish(_event(reading))
    deterioration.announce(session, reading)
    return shown(reading, bedside.author_name)


def _check_time(measured_at: datetime, now: datetime) -> None:
    if measured_at > now + AHEAD:
        raise WRONG_FIELDS(errors={"measured_at": ["Must not be in the future."]})
    if measured_at < now - BACK:
        raise WRONG_FIELDS(errors={"measured_at": ["Must not be more than 90 days ago."]})


def _bedside(session: Session, patient_id: UUID, author_id: UUID) -> Bedside:
    (row,) = session.rows(BEDSIDE, {"patient_id": patient_id, "author_id": author_id})
    return Bedside(*row)


def _subject(session: Session, patient_id: UUID, bedside: Bedside, measured_at: datetime) -> rules.Subject:
    """Return the facts on which the score depends. The age is that at the time of the reading."""
    day = measured_at.astimezone(config.current().hospital_timezone).date()
    months = None if bedside.birth_date is None else rules.months_between(bedside.birth_date, day)
    return rules.Subject(months, is_pregnant(session, patient_id), bedside.scale)


def _reading(command: RecordVitals, subject: rules.Subject, measured_at: datetime) -> Vitals:
    news2 = rules.news2(command, subject, measured_at)
    return Vitals(
        id=uuid7(),
        version=1,
        patient_id=command.patient_id,
        status=VitalsStatus.FINAL,
        measured_at=measured_at,
        **{sign: getattr(command, sign) for sign in VitalSign},
        abnormal=ranges.abnormal(command, subject.months, subject.scale),
        news2_status=news2.status,
        score=news2.score,
        level=news2.level,
        missing=list(news2.missing),
        scale=news2.scale,
        next_due_at=news2.next_due_at,
    )


def _event(reading: Vitals) -> VitalsRecorded:
    names = ("patient_id", "measured_at", "level", "next_due_at")
    return VitalsRecorded(vitals_id=reading.id, **{name: getattr(reading, name) for name in names})


def enter_in_error(session: Session, actor: Actor, command: EnterVitalsInError) -> Shown:
    """Add the version that says that the reading was entered in error."""
    query = select(Vitals).where(Vitals.id == command.vitals_id, Vitals.superseded_by.is_(None))
    current = session.scalar(query)
    if current is None:
        raise NO_SUCH_VITALS()
    must_care(session, actor, current.patient_id, NURSE)
    session.call.expects(current.version)
    if current.status == VitalsStatus.ENTERED_IN_ERROR:
        raise ALREADY_IN_ERROR()
    marked = versions.add_next(session, actor, current, command.reason, status=VitalsStatus.ENTERED_IN_ERROR)
    history.write(session, actor, marked)
    session.publish(VitalsEnteredInError(vitals_id=marked.id, patient_id=marked.patient_id))
    return shown(marked, name_of(session, actor.person))
