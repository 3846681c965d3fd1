"""Patients: copies of what clinical says of them, and word to others of which accounts are none."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import exists, select

from chassis import clock
from chassis.identity import Actor
from chassis.messaging import inbox
from chassis.persistence.database import Session
from chassis.persistence.upserts import keep
from contracts.clinical.patients import PatientRegistered, PatientUpdated
from contracts.roles import Role
from services.auth.accounts import commands as accounts
from services.auth.models.accounts import Account
from services.auth.models.grants import Grant
from services.auth.models.patients import DeskPatient

WEEKS = UUID("01919c5e-0000-7000-8000-0000000000f1")
"""The ids of weeks are made from it."""


def remember(session: Session, _actor: Actor, event: PatientRegistered | PatientUpdated) -> None:
    """Copy a patient without account, who may be invited; of one with an account, a phone number that is newer.

    The rows are locked in the order in which an invitation locks them. Nothing is published of the number: whoever
    keeps a copy hears of it from clinical, too.
    """
    session.get(DeskPatient, event.patient_id, with_for_update=True)
    account = session.get(Account, event.patient_id, with_for_update=True)
    if account is not None:
        _follow_phone(account, event.phone, event.phone_changed_at)
        return
    facts = {"name": event.name, "phone": event.phone, "phone_changed_at": event.phone_changed_at}
    keep(session, DeskPatient, "id", "changed_by", id=event.patient_id, changed_by=session.call.heard.sequence, **facts)


def _follow_phone(account: Account, phone: str | None, changed_at: datetime | None) -> None:
    """Take over a number that was changed in clinical. Of two changes at one moment, that of the account counts."""
    known = account.phone_changed_at
    if account.status == "erased" or changed_at is None or (known is not None and known >= changed_at):
        return
    account.phone_changed_at = changed_at
    if account.phone != phone:
        account.phone = phone
        account.changed()


def say_who_is_none(session: Session, _actor: Actor) -> None:
    """Say again, once a week, which accounts have never been a patient's, for records that were opened for them.

    Until 2026-11-23 clinical opened a record for every account. One week's word may come to a clinical of before.
    """
    year, week, _day = clock.now().isocalendar()
    if inbox.claim(session, uuid5(WEEKS, f"{year}-{week}"), "auth.say_who_is_none"):
        for account in _never_patients(session):
            accounts.say_updated(session, account)


def _never_patients(session: Session) -> Sequence[Account]:
    given = exists().where(Grant.user_id == Account.id, Grant.role == Role.PATIENT)
    return session.scalars(select(Account).where(~given, Account.status != "erased").order_by(Account.id)).all()
