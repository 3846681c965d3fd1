"""Contacts: copies of what auth says of people, and clinical of patients."""

from typing import Any

from sqlalchemy import case, delete, func
from sqlalchemy.dialects import postgresql, sqlite

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from contracts.auth.events import UserErased, UserRegistered, UserUpdated
from contracts.clinical.patients import PatientRegistered, PatientUpdated
from services.notify.models.deliveries import Delivery
from services.notify.models.directory import Contact


def remember(session: Session, actor: Actor, event: UserRegistered | UserUpdated) -> None:
    """Copy what auth says of a person who has registered, or has changed something, unless something newer is known."""
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    facts = {"name": event.name, "email": event.email, "changed_by": actor.heard.sequence}
    phone = (event.phone, event.phone_changed_at) if isinstance(event, UserUpdated) else (None, None)
    copy = insert(Contact).values(id=event.user_id, phone=phone[0], phone_changed_at=phone[1], **facts)
    new = copy.excluded
    changes = {**{column: new[column] for column in facts}, **_newest_phone(new, ties=True)}
    where = (Contact.changed_by < new.changed_by) & Contact.erased_at.is_(None)
    session.execute(copy.on_conflict_do_update(index_elements=["id"], set_=changes, where=where))


def remember_patient(session: Session, actor: Actor, event: PatientRegistered | PatientUpdated) -> None:
    """Copy what clinical knows of a patient, unless something newer is known.

    Of a patient with an account only a newer phone number, since name and address are what auth says. One statement,
    so that two events do not race.
    """
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    told = {
        "phone": event.phone,
        "phone_changed_at": event.phone_changed_at,
        "patient_changed_by": actor.heard.sequence,
    }
    copy = insert(Contact).values(id=event.patient_id, name=event.name, email=event.email, changed_by=0, **told)
    has_account, new = Contact.changed_by > 0, copy.excluded
    changes: dict[str, Any] = {"patient_changed_by": new.patient_changed_by, **_newest_phone(new, ties=False)}
    for column in ("name", "email"):
        changes[column] = case((has_account, getattr(Contact, column)), else_=new[column])
    is_newer = Contact.patient_changed_by < new.patient_changed_by
    where = is_newer & Contact.erased_at.is_(None)
    session.execute(copy.on_conflict_do_update(index_elements=["id"], set_=changes, where=where))


def _newest_phone(new: Any, *, ties: bool) -> dict[str, Any]:
    """The number that was changed last, and when. Of two at one moment auth's counts, which has the `ties`.

    A publisher of before does not say when: then a number that is known stays.
    """
    known = Contact.phone_changed_at
    later = known <= new.phone_changed_at if ties else known < new.phone_changed_at
    is_newer = new.phone_changed_at.is_not(None) & (known.is_(None) | later)
    return {
        "phone": case((is_newer, new.phone), else_=func.coalesce(Contact.phone, new.phone)),
        "phone_changed_at": case((is_newer, new.phone_changed_at), else_=known),
    }


def forget(session: Session, _actor: Actor, event: UserErased) -> None:
    """Leave a tombstone that no late event fills again, and drop the person's mails, sent or not."""
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    blank = {"name": "", "email": None, "phone": None, "phone_changed_at": None, "erased_at": clock.now()}
    tombstone = insert(Contact).values(id=event.user_id, changed_by=0, patient_changed_by=0, **blank)
    session.execute(tombstone.on_conflict_do_update(index_elements=["id"], set_=blank))
    session.execute(delete(Delivery).where(Delivery.person_id == event.user_id))
    erase_traces(session, event.user_id)
