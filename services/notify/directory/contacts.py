"""Contacts: copies of the contact data that auth has of accounts, and clinical of patients."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, case, delete, func
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from chassis.persistence.upserts import upsert
from contracts.auth.events import UserErased, UserRegistered, UserUpdated
from contracts.clinical.patients import PatientRegistered, PatientUpdated
from services.notify.models.deliveries import Delivery
from services.notify.models.directory import Contact

NewRow = ReadOnlyColumnCollection[str, KeyedColumnElement[object]]
"""The columns of the row that an upsert would insert."""


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
    facts = {"name": event.name, "email": event.email, "changed_by": session.call.heard.sequence}
    upsert(
        session,
        Contact,
        {"id": event.user_id, "phone": phone.number, "phone_changed_at": phone.changed_at, **facts},
        "id",
        lambda new: {**{column: new[column] for column in facts}, **_newest_phone(new, ties=True)},
        lambda new: (Contact.changed_by < new.changed_by) & Contact.erased_at.is_(None),
    )


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
    facts = {
        "phone": event.phone,
        "phone_changed_at": event.phone_changed_at,
        "patient_changed_by": session.call.heard.sequence,
    }
    upsert(
        session,
        Contact,
        {"id": event.patient_id, "name": event.name, "email": event.email, "changed_by": 0, **facts},
        "id",
        _changes_of_patient,
        lambda new: (Contact.patient_changed_by < new.patient_changed_by) & Contact.erased_at.is_(None),
    )


def _changes_of_patient(new: NewRow) -> dict[str, ColumnElement[object]]:
    has_account = Contact.changed_by > 0
    return {
        "patient_changed_by": new.patient_changed_by,
        "name": case((has_account, Contact.name), else_=new.name),
        "email": case((has_account, Contact.email), else_=new.email),
        **_newest_phone(new, ties=False),
    }


def _newest_phone(new: NewRow, *, ties: bool) -> dict[str, ColumnElement[object]]:
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
    blank = {"name": "", "email": None, "phone": None, "phone_changed_at": None, "erased_at": clock.now()}
    tombstone = {"id": event.user_id, "changed_by": 0, "patient_changed_by": 0, **blank}
    upsert(session, Contact, tombstone, "id", lambda _new: blank)
    session.execute(delete(Delivery).where(Delivery.person_id == event.user_id))
    erase_traces(session, event.user_id)
