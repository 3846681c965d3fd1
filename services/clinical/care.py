"""Who treats whom: known from visits, and asked before a doctor sees or writes a chart."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.patients import NO_SUCH_PATIENT_IN_YOUR_CARE
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentEvent,
    AppointmentRescheduled,
    PatientArrived,
    VisitCompletionUndone,
    VisitStarted,
)
from services.clinical import rules
from services.clinical.models.care import CareRelation
from services.clinical.rules import Period


def must_treat(session: Session, actor: Actor, patient_id: UUID) -> None:
    """NotYet unless the doctor treats the patient now: the doctor may have started the visit a moment ago.

    The refusal is the same for a patient of other doctors and for an unknown id, and takes the same time.
    """
    now = clock.now()
    query = select(CareRelation.id).where(
        CareRelation.doctor_id == actor.person,
        CareRelation.patient_id == patient_id,
        CareRelation.from_ <= now,
        CareRelation.until > now,
    )
    if session.scalars(query.limit(1)).first() is None:
        raise NO_SUCH_PATIENT_IN_YOUR_CARE.not_yet()


def agreed(session: Session, _actor: Actor, event: AppointmentBooked | PatientArrived) -> None:
    """A visit is agreed, or its patient is there: the doctor treats them from its start until 30 days after it."""
    _relate(session, event, rules.care_of_visit(event.starts_at, event.ends_at))


def moved(session: Session, actor: Actor, event: AppointmentRescheduled | VisitCompletionUndone) -> None:
    """A visit has another doctor or another time, or its completion is undone: care goes with it, if it is agreed.

    Else care ends. After a mistaken visit the chart is closed again until the time agreed.
    """
    if event.status in ("requested", "displaced", "cancelled"):
        called_off(session, actor, event)
    else:
        _relate(session, event, rules.care_of_visit(event.starts_at, event.ends_at))


def called_off(session: Session, _actor: Actor, event: AppointmentEvent) -> None:
    """A visit is not kept, or is not agreed any more: the doctor does not treat the patient because of it.

    So also when it had begun, by mistake. What is left says so to an agreement that comes late.
    """
    _relate(session, event, rules.no_care(session.call.heard.occurred_at))


def met(session: Session, _actor: Actor, event: VisitStarted) -> None:
    """The doctor and the patient have met: the chart is open from that moment at the latest.

    When they met before the time agreed, it is open for 30 days from then on, and not until 30 days after that time.
    """
    _relate(session, event, rules.care_of_visit(event.starts_at, event.ends_at, session.call.heard.occurred_at))


def _relate(session: Session, event: AppointmentEvent, period: Period) -> None:
    """Write what this revision of the visit says, unless a newer one has been heard. One statement, so no race."""
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    people = {"doctor_id": event.doctor_id, "patient_id": event.patient_id}
    facts = {"revision": event.revision, "from": period.from_, "until": period.until, **people}
    relation = insert(CareRelation).values({"id": uuid7(), "appointment_id": event.appointment_id, **facts})
    session.execute(
        relation.on_conflict_do_update(
            index_elements=["appointment_id"],
            set_={column: relation.excluded[column] for column in facts},
            where=CareRelation.revision < relation.excluded.revision,
        )
    )
