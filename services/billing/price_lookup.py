"""What invoices are priced from: the prices, and the doctors' specializations.

A visit that is invoiced while the missing price is being set would otherwise not see that price, nor the price's
transaction the held line, and the line would wait for ever. So whoever reads the catalogue in order to price shares a
lock, and whoever changes it holds the lock alone. On SQLite the transaction is the only writer anyway.
"""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, select

from chassis.persistence.database import Session
from services.billing.models.directory import Doctor
from services.billing.models.prices import Price

LOCK = 8_112_902_403
"""The advisory lock of the catalogue; larger than the numbers that the chassis gives to timers."""


def reading(session: Session) -> None:
    """Wait until nobody changes the catalogue, and keep it so to the end of the transaction."""
    if session.is_postgresql:
        session.execute(select(func.pg_advisory_xact_lock_shared(LOCK)))


def changing(session: Session) -> None:
    """Wait until nobody prices from the catalogue, and keep it so to the end of the transaction."""
    if session.is_postgresql:
        session.execute(select(func.pg_advisory_xact_lock(LOCK)))


def specialization_of(session: Session, doctor_id: UUID) -> str | None:
    """The doctor's specialization; None before the approval has arrived here."""
    return session.scalar(select(Doctor.specialization).where(Doctor.id == doctor_id))


def prices_of(session: Session, codes: Iterable[str]) -> dict[str, list[Price]]:
    """All prices of these codes, by code, in one statement."""
    found: dict[str, list[Price]] = defaultdict(list)
    for price in session.scalars(select(Price).where(Price.code.in_(sorted(codes)))):
        found[price.code].append(price)
    return found
