"""Contacts: copies of the contact data that auth has of accounts, and clinical of patients."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, delete, func
from sqlalchemy.dialects import postgresql, sqlite

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from contracts.auth.events import UserErased, UserRegistered, UserUpdated
from contracts.clinical.patients import PatientRegistered, PatientUpdated
from services.notify.models.deliveries import Delivery
from services.notify.models.directory import Contact


class Phone(NamedTuple):
    """A phone number and the time of its last change; None for unknown."""

    number: str | None = None
    changed_at: datetime | None = None


def on_user_registered(session: Session, actor: Actor, event: UserRegistered) -> None:
    """Copy the contact data of a new account, unless the copy is newer."""
    _copy_account(session, actor, event, Phone())


def on_user_updated(session: Session, actor: Actor, event: UserUpdated) -> None:
    """Copy the changed contact data of an account, unless the copy is newer."""
    _copy_account(session, actor, event, Phone(event.phone, event.phone_changed_at))


def _copy_account(session: Session, _actor: Actor, event: UserRegistered | UserUpdated, phone: Phone) -> None:
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    facts = {"name": event.name, "email": event.email, "changed_by": session.call.heard.sequence}
    copy = insert(Contact).values(id=event.user_id, phone=phone.number, phone_changed_at=phone.changed_at, **facts)
    new = copy.excluded
    changes = {**{column: new[column] for column in facts}, **_newest_phone(new, ties=True)}
    where = (Contact.changed_by < new.changed_by) & Contact.erased_at.is_(None)
    session.execute(copy.on_conflict_do_update(index_elements=["id"], set_=changes, where=where))


def on_patient_registered(session: Session, actor: Actor, event: PatientRegistered) -> None:
    """Copy the contact data of a new patient, unless the copy is newer."""
    _copy_patient(session, actor, event)


def on_patient_updated(session: Session, actor: Actor, event: PatientUpdated) -> None:
    """Copy the changed contact data of a patient, unless the copy is newer."""
    _copy_patient(session, actor, event)


def _copy_patient(session: Session, _actor: Actor, event: PatientRegistered | PatientUpdated) -> None:
    """Write the copy in one statement, so that two events do not race.

    For a patient with an account only a newer phone number counts. Name and address come from auth.
    """
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    facts = {
        "phone": event.phone,
        "phone_changed_at": event.phone_changed_at,
        "patient_changed_by": session.call.heard.sequence,
    }
    copy = insert(Contact).values(id=event.patient_id, name=event.name, email=event.email, changed_by=0, **facts)
    has_account, new = Contact.changed_by > 0, copy.excluded
    changes = {"patient_changed_by": new.patient_changed_by, **_newest_phone(new, ties=False)}
    for column in ("name", "email"):
        changes[column] = case((has_account, getattr(Contact, column)), else_=new[column])
    is_newer = Contact.patient_changed_by < new.patient_changed_by
    where = is_newer & Contact.erased_at.is_(None)
    session.execute(copy.on_conflict_do_update(index_elements=["id"], set_=changes, where=where))


def _newest_phone(new: Any, *, ties: bool) -> dict[str, ColumnElement[Any]]:
    """Choose the phone number with the newest change. Auth has the `ties`: it wins two changes at the same time.

    An older publisher does not send the time of the change. Then a known number stays.
    """
    known = Contact.phone_changed_at
    later = known <= new.phone_changed_at if ties else known < new.phone_changed_at
    is_newer = new.phone_changed_at.is_not(None) & (known.is_(None) | later)
    return {
        "phone": case((is_newer, new.phone), else_=func.coalesce(Contact.phone, new.phone)),
        "phone_changed_at": case((is_newer, new.phone_changed_at), else_=known),
    }


def on_user_erased(session: Session, _actor: Actor, event: UserErased) -> None:
    """Leave a tombstone that no late event fills again, and delete the person's mails, sent or not."""
    insert = postgresql.insert if session.is_postgresql else sqlite.insert
    blank = {"name": "", "email": None, "phone": None, "phone_changed_at": None, "erased_at": clock.now()}
    tombstone = insert(Contact).values(id=event.user_id, changed_by=0, patient_changed_by=0, **blank)
    session.execute(tombstone.on_conflict_do_update(index_elements=["id"], set_=blank))
    session.execute(delete(Delivery).where(Delivery.person_id == event.user_id))
    erase_traces(session, event.user_id)
