"""The erasure of a person from the tables that every service has: stored replies and plans, and sent events."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import delete, or_, select, update

from chassis.persistence.database import Session
from chassis.persistence.tables import audit, idempotency, outbox, relay
from chassis.refusals import EVENTS_UNSENT

ABOUT = ("id", "user_id", "patient_id", "person_id", "owner_id", "given_by", "asked_by", "asked_of")
"""The fields of a reply or plan that name the person."""


def erase_traces(session: Session, person_id: UUID, *others: str, public: Collection[str] = ()) -> None:
    """Delete stored replies and plans to and about the person, and empty internal events about the person.

    The audit keeps what the person did, and tried without having signed in, but not from which network addresses.

    `others` are subjects of events that mean the person too, `public` names events that say more than ids although
    they are not internal. An emptied event keeps its number, from which the next ones follow, and loses its name, so
    that no replay finds it.
    Events that have not left yet are still needed: then Unavailable (`events_unsent`), with which an event handler is
    tried again. Call it behind the lock on the person's row, so that no new trace is added.
    """
    person, kept = str(person_id), (idempotency.c.reply, idempotency.c.plan)
    about = or_(*(column[("is", field)].as_string() == person for column in kept for field in ABOUT))
    session.execute(delete(idempotency).where((idempotency.c.actor == person) | about))
    of_person = outbox.c.subject.in_([person, *others]) & (outbox.c.internal | outbox.c.name.in_(public))
    through = select(relay.c.sent_through).where(relay.c.internal == outbox.c.internal).scalar_subquery()
    unsent = of_person & (outbox.c.sequence.is_(None) | (outbox.c.sequence > through))
    if session.execute(select(outbox.c.position).where(unsent).limit(1)).first() is not None:
        raise EVENTS_UNSENT(retry_after=1)
    session.execute(update(outbox).where(of_person).values(name="erased", subject="", data={}))
    deeds = (audit.c.actor_id == person_id) | (audit.c.actor_id.is_(None) & (audit.c.record_id == person_id))
    session.execute(update(audit).where(deeds).values(address=""))
