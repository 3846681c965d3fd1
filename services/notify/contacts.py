"""Contacts: copies of what auth says of people, and clinical of patients."""

from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, func
from sqlalchemy.dialects import postgresql, sqlite

from chassis import clock
from chassis.database import Session
from chassis.erasure import erase_traces
from chassis.identity import Actor
from services.notify.models import Contact, Delivery


def remember(session: Session, actor: Actor, *, user_id: UUID, name: str, email: str, phone: str | None = None) -> None:
    """Copy what auth says of a person who has registered, or has changed something, unless something newer is known.

    A phone number that auth does not know leaves that which clinical has told.
    """
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    facts = {"name": name, "email": email, "changed_by": actor.heard.sequence}
    copy = insert(Contact).values(id=user_id, phone=phone, **facts)
    new = copy.excluded
    changes = {**{column: new[column] for column in facts}, "phone": func.coalesce(new.phone, Contact.phone)}
    where = (Contact.changed_by < new.changed_by) & Contact.erased_at.is_(None)
    session.execute(copy.on_conflict_do_update(index_elements=["id"], set_=changes, where=where))


def remember_patient(
    session: Session, actor: Actor, *, patient_id: UUID, name: str, email: str | None, phone: str | None
) -> None:
    """Copy what clinical knows of a patient, unless something newer is known.

    Of somebody with an account only the phone number, since name and address are what auth says. One statement, so
    that two events do not race.
    """
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    told = {"phone": phone, "patient_changed_by": actor.heard.sequence}
    copy = insert(Contact).values(id=patient_id, name=name, email=email, changed_by=0, **told)
    has_account, new = Contact.changed_by > 0, copy.excluded
    changes: dict[str, Any] = {column: new[column] for column in told}
    for column in ("name", "email"):
        changes[column] = case((has_account, getattr(Contact, column)), else_=new[column])
    is_newer = Contact.patient_changed_by < new.patient_changed_by
    where = is_newer & Contact.erased_at.is_(None)
    session.execute(copy.on_conflict_do_update(index_elements=["id"], set_=changes, where=where))


def forget(session: Session, _actor: Actor, *, user_id: UUID) -> None:
    """Leave a tombstone that no late event fills again, and drop the person's mails, sent or not.

    Unavailable: `events_unsent`, so that it is done again a little later.
    """
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    blank = {"name": "", "email": None, "phone": None, "erased_at": clock.now()}
    tombstone = insert(Contact).values(id=user_id, changed_by=0, patient_changed_by=0, **blank)
    session.execute(tombstone.on_conflict_do_update(index_elements=["id"], set_=blank))
    session.execute(delete(Delivery).where(Delivery.person_id == user_id))
    erase_traces(session, user_id)
