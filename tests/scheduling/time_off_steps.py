"""Times off of doctors, and visits that overlap them."""

from typing import Any
from uuid import UUID

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.scheduling.availability import TakeTimeOff
from services.scheduling.availability import time_off
from services.scheduling.models.appointments import Appointment
from tests.scheduling.factories import at, book

PRIVATE_REASON = "Surgery of my own"
"""The reason of a time off. Only the doctor and admins may read it."""


def take_time_off(session: Session, actor: Actor, **fields: Any) -> dict[str, Any]:
    """Take a time off, by default the morning of the day after tomorrow."""
    given = {"starts_at": at(hour=8), "ends_at": at(hour=12), "reason": None, "displace": False, **fields}
    taken = time_off.take(session, actor, TakeTimeOff(doctor_id=given.pop("doctor_id", actor.person), **given))
    session.flush()
    return taken


def book_with_status(session: Session, status: str, doctor: Actor, **fields: Any) -> UUID:
    """Book a visit, by default for the day after tomorrow at nine, and set its status; return its id."""
    visit_id: UUID = book(session, doctor, **fields)["id"]
    if status != "requested":
        session.flush()
        session.get_one(Appointment, visit_id).status = status
        session.flush()
    return visit_id
