"""The directory of doctors: copies of what auth says of them."""

from typing import Any
from uuid import UUID

from sqlalchemy import select

from chassis.contract import Page
from chassis.copies import keep
from chassis.database import Session
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.paging import page
from services.scheduling.models import Doctor


def remember(session: Session, actor: Actor, *, doctor_id: UUID, name: str, specialization: str) -> None:
    """Copy an approved doctor, unless what is known is newer."""
    assert actor.origin is not None  # noqa: S101  events have one
    facts = {"name": name, "specialization": specialization, "changed_by": actor.origin.sequence}
    keep(session, Doctor, "id", "changed_by", id=doctor_id, **facts)


def listing(session: Session, _actor: Actor, *, specialization: str | None, limit: int, cursor: str | None) -> Page:
    """The directory, by name."""
    query = select(Doctor.id, Doctor.name, Doctor.specialization)
    if specialization is not None:
        query = query.where(Doctor.specialization == specialization)
    return page(session, query, (Doctor.name, Doctor.id), limit=limit, cursor=cursor, newest_first=False)


def must_exist(session: Session, doctor_id: UUID) -> None:
    """NotFound unless there is such a doctor."""
    if session.get(Doctor, doctor_id) is None:
        raise NotFound("not_found", "There is no such doctor.")


def own(session: Session, actor: Actor, doctor_id: UUID) -> Any:
    """The doctor's own row; NotFound for anybody else's, and before the approval has arrived here."""
    actor.may_act_for(doctor_id)
    must_exist(session, doctor_id)
