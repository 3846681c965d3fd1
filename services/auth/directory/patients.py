"""Patients: copies from clinical, and the weekly event about accounts that never were patients."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import exists, select

from chassis import clock
from chassis.identity import Actor
from chassis.messaging import inbox
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.auth.accounts.commands import AccountStatus
from contracts.clinical.patients import PatientRegistered, PatientUpdated
from contracts.roles import Role
from services.auth.accounts import commands as accounts
from services.auth.models.accounts import Account
from services.auth.models.grants import Grant
from services.auth.models.patients import DeskPatient

WEEKS = UUID("01919c5e-0000-7000-8000-0000000000f1")
"""The namespace of the ids of weeks."""


def upsert(session: Session, _actor: Actor, event: PatientRegistered | PatientUpdated) -> None:
    """Upsert a patient without an account, or update the phone number of an account if the change is newer.

    Lock the rows in the same order as an invitation. Publish nothing about the number, because clinical's subscribers
    already have it.
    """
    session.get(DeskPatient, event.patient_id, with_for_update=True)
    account = session.get(Account, event.patient_id, with_for_update=True)
    if account is not None:
        _adopt_phone(account, event.phone, event.phone_changed_at)
        return
    facts = {"name": event.name, "phone": event.phone, "phone_changed_at": event.phone_changed_at}
    keep(session, DeskPatient, "id", "changed_by", id=event.patient_id, changed_by=session.call.heard.sequence, **facts)


def _adopt_phone(account: Account, phone: str | None, changed_at: datetime | None) -> None:
    """Adopt a number that was changed in clinical. On a tie of the times the account wins."""
    known = account.phone_changed_at
    if account.status == AccountStatus.ERASED or changed_at is None or (known is not None and known >= changed_at):
        return
    account.phone_changed_at = changed_at
    if account.phone != phone:
        account.phone = phone
        account.changed()


def publish_non_patients(session: Session, _actor: Actor) -> None:
    """Publish once a week which accounts never were patients, so that clinical deletes their records.

    Until 2026-11-23 clinical opened a record for every account. An older clinical may consume the event of a week.
    """
    year, week, _day = clock.now().isocalendar()
    if inbox.claim(session, uuid5(WEEKS, f"{year}-{week}"), "auth.say_who_is_none"):
        for account in _never_patients(session):
            accounts.publish_updated(session, account)


def _never_patients(session: Session) -> Sequence[Account]:
    given = exists().where(Grant.user_id == Account.id, Grant.role == Role.PATIENT)
    never = select(Account).where(~given, Account.status != AccountStatus.ERASED)
    return session.scalars(never.order_by(Account.id)).all()
