"""Compare each day with the list of each provider, half a day after its end.

A provider's clock and ours differ, so its list is read from half a day before to half a day after the day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import MatronError
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.upserts import upsert
from contracts.billing.payments import Provider
from contracts.billing.reconciliation import DifferenceView
from contracts.billing.refunds import RefundStatus
from services.billing.models.odd_payments import OddPayment
from services.billing.models.payments import Payment
from services.billing.models.reconciliation import Reconciliation
from services.billing.models.refunds import Refund
from services.billing.providers import registry
from services.billing.providers.port import Movement
from services.billing.reconciliation import rules
from services.billing.reconciliation.rules import Key, Recorded

PACE = 3600.0
MARGIN = timedelta(hours=12)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A provider's list for a day."""

    provider: Provider
    day: date
    movements: tuple[Movement, ...] = ()

    @property
    def begin(self) -> datetime:
        """Return the start of the day in UTC."""
        return datetime.combine(self.day, time(), UTC)


def due(session: Session, _actor: Actor) -> list[Comparison]:
    """Return the comparisons of the last complete day that were not made yet."""
    day = (clock.now() - MARGIN).astimezone(UTC).date() - DAY
    made = set(session.scalars(select(Reconciliation.provider).where(Reconciliation.day == day)))
    offered = [each.NAME for each in registry.all_offered() if each.NAME != Provider.SANDBOX]
    return [Comparison(name, day) for name in offered if name not in made]


def read_lists(comparisons: list[Comparison]) -> list[Comparison]:
    """Read the lists of the providers. A provider that does not answer is asked again at the next run."""
    found = []
    for each in comparisons:
        try:
            movements = registry.movements(each.provider, each.begin - MARGIN, each.begin + DAY + MARGIN)
        except MatronError:
            continue
        found.append(Comparison(each.provider, each.day, movements))
    return found


def compare(session: Session, _actor: Actor, _comparisons: list[Comparison], found: list[Comparison]) -> None:
    """Compare the lists with our records, and store the differences."""
    for each in found:
        _store(session, each)


def _store(session: Session, comparison: Comparison) -> None:
    ours = _ours(session, comparison)
    theirs = _theirs(comparison, ours)
    differences = [DifferenceView.dump_one(each) for each in rules.differences_of(ours, theirs)]
    row = {
        "id": uuid7(),
        "provider": comparison.provider,
        "day": comparison.day,
        "compared": len(ours.keys() & theirs.keys()),
        "differences": [{**each, "payment_id": _text(each["payment_id"])} for each in differences if each],
        "has_differences": bool(differences),
        "at": clock.now(),
    }
    upsert(session, Reconciliation, row, "provider day")


def _theirs(comparison: Comparison, ours: Mapping[Key, Recorded]) -> dict[Key, Recorded]:
    """Return the movements of the day, and those of our records. Others belong to the day before or after."""
    found = {}
    for each in comparison.movements:
        entry = Recorded(None, each.provider_payment_id, each.provider_refund_id, each.amount_minor, each.currency)
        if comparison.begin <= each.at < comparison.begin + DAY or rules.key_of(entry) in ours:
            found[rules.key_of(entry)] = entry
    return found


def _text(payment_id: object) -> str | None:
    return None if payment_id is None else str(payment_id)


def _ours(session: Session, comparison: Comparison) -> dict[Key, Recorded]:
    """Return our payments and refunds of the day, and those that the provider lists."""
    paid = [each.provider_payment_id for each in comparison.movements]
    repaid = [each.provider_refund_id for each in comparison.movements if each.provider_refund_id]
    found = [
        *_odd_payments(session, comparison, paid, repaid),
        *_payments(session, comparison, paid),
        *_refunds(session, comparison, repaid),
    ]
    return {rules.key_of(each): each for each in found}


def _payments(session: Session, comparison: Comparison, paid: list[str]) -> list[Recorded]:
    is_listed = or_(_is_of_day(Payment.finished_at, comparison), Payment.provider_payment_id.in_(paid))
    query = select(Payment).where(Payment.provider == comparison.provider, is_listed)
    payments = session.scalars(query.where(Payment.provider_payment_id.is_not(None))).all()
    return [
        Recorded(each.id, each.provider_payment_id or "", None, each.amount_minor, each.currency) for each in payments
    ]


def _refunds(session: Session, comparison: Comparison, repaid: list[str]) -> list[Recorded]:
    """Return refunds that have completed on the day, or that the provider lists."""
    is_complete = (Refund.status == RefundStatus.COMPLETED) & _is_of_day(Refund.finished_at, comparison)
    is_listed = or_(is_complete, Refund.provider_refund_id.in_(repaid))
    query = select(Refund, Payment.provider_payment_id).join(Payment, Payment.id == Refund.payment_id)
    rows = session.execute(query.where(Payment.provider == comparison.provider, is_listed)).all()
    return [
        Recorded(refund.payment_id, money or "", refund.provider_refund_id, refund.amount_minor, refund.currency)
        for refund, money in rows
        if refund.provider_refund_id is not None
    ]


def _odd_payments(session: Session, comparison: Comparison, paid: list[str], repaid: list[str]) -> list[Recorded]:
    """Return money that was set aside, and money of it that was paid back."""
    is_listed = or_(OddPayment.provider_payment_id.in_(paid), OddPayment.provider_refund_id.in_(repaid))
    query = select(OddPayment).where(OddPayment.provider == comparison.provider, is_listed)
    found = []
    for odd in session.scalars(query.where(OddPayment.amount_minor.is_not(None))):
        facts = (odd.amount_minor or 0, odd.currency or "")
        found.append(Recorded(odd.payment_id, odd.provider_payment_id or "", None, *facts))
        if odd.provider_refund_id is not None:
            found.append(Recorded(odd.payment_id, odd.provider_payment_id or "", odd.provider_refund_id, *facts))
    return found


def _is_of_day(column: InstrumentedAttribute[datetime | None], comparison: Comparison) -> ColumnElement[bool]:
    return and_(column >= comparison.begin, column < comparison.begin + DAY)
