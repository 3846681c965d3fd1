"""Claim the mails that are due, and record what became of them.

A mail leaves at least once. If a process dies between sending a mail and recording that, another process sends the mail
again after the lease. It has the same Message-ID, by which mail servers and readers recognize the repetition.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from services.notify.models.deliveries import Delivery

BATCH = 50


def claim_due(session: Session, _actor: Actor) -> list[Delivery]:
    """Claim the mails that are due. They belong to this process for `LEASE`."""
    now = clock.now()
    query = select(Delivery).where(Delivery.next_try_at <= now).order_by(Delivery.next_try_at).limit(BATCH)
    due = list(session.scalars(query.with_for_update(skip_locked=True)))
    for delivery in due:
        delivery.claim(now)
    return due


def record_outcomes(
    session: Session, _actor: Actor, claimed: Sequence[Delivery], outcomes: Mapping[UUID, str | None]
) -> None:
    """Record the outcome of each mail by id: None for sent, else the class of the error or `rules.REFUSED`.

    A mail without an outcome was not tried. It is due again after its lease.
    """
    now, attempts = clock.now(), {delivery.id: delivery.attempts for delivery in claimed}
    tried = session.scalars(select(Delivery).where(Delivery.id.in_(outcomes)).with_for_update())
    for delivery in tried:
        if delivery.is_held(attempts[delivery.id]):
            delivery.end_try(now, outcomes[delivery.id])
