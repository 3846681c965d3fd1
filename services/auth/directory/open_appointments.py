"""Copies of scheduling's open appointments, by doctor."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.accounts.administration import HAS_OPEN_VISITS, NOT_A_DOCTOR
from contracts.scheduling.appointments.events import OpenAppointmentChanged
from services.auth import grants
from services.auth.models.accounts import Account
from services.auth.models.open_appointments import OpenAppointment

KEPT = timedelta(days=30)
"""The age of the oldest event that may still arrive: see `chassis.persistence.housekeeping`."""

MOST_LISTED = 100
"""The number of appointments that a refusal lists."""


def upsert(session: Session, _actor: Actor, event: OpenAppointmentChanged) -> None:
    """Upsert which doctor has the appointment, and whether it is open, unless a newer revision is known."""
    keep(
        session,
        OpenAppointment,
        "appointment_id",
        "revision",
        appointment_id=event.appointment_id,
        doctor_id=event.doctor_id,
        is_open=event.ends_at is not None,
        revision=event.revision,
        changed_at=clock.now(),
    )


def open_of(session: Session, doctor_id: UUID) -> list[UUID]:
    """The ids of a doctor's open appointments, oldest first."""
    query = select(OpenAppointment.appointment_id).where(
        OpenAppointment.doctor_id == doctor_id, OpenAppointment.is_open
    )
    return list(session.scalars(query.order_by(OpenAppointment.appointment_id)))


def check_handover(session: Session, account: Account, reassign_to: UUID | None, *, displace: bool = False) -> None:
    """Refuse to release a doctor with open appointments, unless `reassign_to` is an active doctor or `displace` is set.

    Scheduling hands over, or displaces, appointments that auth does not know yet.
    """
    if reassign_to is not None:
        if reassign_to == account.id or not grants.is_active_doctor(session, reassign_to):
            errors = {"reassign_to": ["Not another active doctor."]}
            raise NOT_A_DOCTOR(errors=errors)
    elif not displace and (left := open_of(session, account.id)):
        found = {"appointment_ids": [str(appointment_id) for appointment_id in left[:MOST_LISTED]]}
        raise HAS_OPEN_VISITS(**found)


def delete_closed(session: Session, _actor: Actor) -> None:
    """Delete appointments that were closed 30 days ago."""
    old = OpenAppointment.changed_at < clock.now() - KEPT
    session.execute(delete(OpenAppointment).where(~OpenAppointment.is_open, old))
