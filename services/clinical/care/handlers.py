"""Care relations follow the events of appointments. The highest revision of an appointment counts, in any order."""

from uuid_utils.compat import uuid7

from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import upsert
from contracts.scheduling.appointments.events import (
    AppointmentBooked,
    AppointmentCancelled,
    AppointmentDisplaced,
    AppointmentEvent,
    AppointmentMissed,
    AppointmentRescheduled,
    PatientArrived,
    VisitCompletionUndone,
    VisitStarted,
)
from services.clinical.care import rules
from services.clinical.care.rules import Period
from services.clinical.models.care import CareRelation


def on_appointment_booked(session: Session, _actor: Actor, event: AppointmentBooked) -> None:
    """Start care at the time of the confirmed appointment."""
    _start(session, event)


def on_patient_arrived(session: Session, _actor: Actor, event: PatientArrived) -> None:
    """Start care at the time of the appointment, also after `appointment_missed`."""
    _start(session, event)


def on_appointment_rescheduled(session: Session, _actor: Actor, event: AppointmentRescheduled) -> None:
    """Move care to the new doctor and time if they are confirmed; else end care."""
    _start_or_end(session, event, event.status)


def on_visit_completion_undone(session: Session, _actor: Actor, event: VisitCompletionUndone) -> None:
    """Close the chart until the time of the appointment if it is still booked; else end care."""
    _start_or_end(session, event, event.status)


def on_appointment_cancelled(session: Session, _actor: Actor, event: AppointmentCancelled) -> None:
    """End care, also after a visit that was started by mistake."""
    _end(session, event)


def on_appointment_displaced(session: Session, _actor: Actor, event: AppointmentDisplaced) -> None:
    """End care, because the appointment has no time."""
    _end(session, event)


def on_appointment_missed(session: Session, _actor: Actor, event: AppointmentMissed) -> None:
    """End care, because the patient did not come."""
    _end(session, event)


def on_visit_started(session: Session, _actor: Actor, event: VisitStarted) -> None:
    """Open the chart now at the latest. A visit before its planned time opens it for 30 days from now."""
    met_at = session.call.heard.occurred_at
    _write(session, event, rules.care_of_visit(event.starts_at, event.ends_at, met_at))


def _start_or_end(session: Session, event: AppointmentEvent, status: str) -> None:
    if status in ("requested", "displaced", "cancelled"):
        _end(session, event)
    else:
        _start(session, event)


def _start(session: Session, event: AppointmentEvent) -> None:
    _write(session, event, rules.care_of_visit(event.starts_at, event.ends_at))


def _end(session: Session, event: AppointmentEvent) -> None:
    """Keep a row whose period is over, so that an older event that arrives later changes nothing."""
    _write(session, event, rules.no_care(session.call.heard.occurred_at))


def _write(session: Session, event: AppointmentEvent, period: Period) -> None:
    """Write the care relation of this revision, unless a newer revision is known. One statement, so no race."""
    people = {"doctor_id": event.doctor_id, "patient_id": event.patient_id}
    times = {"from": period.from_, "until": period.until, "starts_at": event.starts_at, "ends_at": event.ends_at}
    facts = {"revision": event.revision, **times, **people}
    upsert(
        session,
        CareRelation,
        {"id": uuid7(), "appointment_id": event.appointment_id, **facts},
        "appointment_id",
        lambda new: {column: new[column] for column in facts},
        lambda new: CareRelation.revision < new.revision,
    )
