"""The catalogue from which invoices are priced: prices, and specializations of doctors.

Without a lock a draft could wait for ever: its transaction misses a new price, and the transaction of the price misses
the held line. So readers of the catalogue share an advisory lock, and a writer holds it alone. SQLite has only one
writer at a time and needs no lock.
"""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select

from chassis.persistence.database import Session
from services.billing.models.directory import Doctor
from services.billing.models.prices import Price

LOCK = 8_112_902_403
"""The advisory lock of the catalogue, larger than the numbers that the chassis gives to timers."""


def lock_for_reading(session: Session) -> None:
    """Wait for writers of the catalogue, and keep them out until the transaction ends."""
    session.lock(LOCK, shared=True)


def lock_for_writing(session: Session) -> None:
    """Wait for readers and writers of the catalogue, and keep them out until the transaction ends."""
    session.lock(LOCK)


def specialization_of(session: Session, doctor_id: UUID) -> str | None:
    """Return the doctor's specialization, or None before the approval has arrived here."""
    return session.scalar(select(Doctor.specialization).where(Doctor.id == doctor_id))


def prices_of(session: Session, codes: Iterable[str]) -> dict[str, list[Price]]:
    """Return all prices of these codes, by code, in one statement."""
    found: dict[str, list[Price]] = defaultdict(list)
    for price in session.scalars(select(Price).where(Price.code.in_(sorted(codes)))):
        found[price.code].append(price)
    return found
