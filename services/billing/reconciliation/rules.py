"""Pure rules of the reconciliation."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from contracts.billing.reconciliation import DifferenceKind, DifferenceView


class Recorded(NamedTuple):
    """A payment or refund, of our records or of the provider's list."""

    payment_id: UUID | None
    provider_payment_id: str
    provider_refund_id: str | None
    amount_minor: int
    currency: str


Key = tuple[str, str | None]
"""The provider's ids of a movement. A refund is known by its own id, a payment has no refund id."""


def key_of(movement: Recorded) -> Key:
    """Return the key of a movement."""
    return ("", movement.provider_refund_id) if movement.provider_refund_id else (movement.provider_payment_id, None)


def differences_of(ours: Mapping[Key, Recorded], theirs: Mapping[Key, Recorded]) -> list[DifferenceView]:
    """Return the differences between our records and the provider's list."""
    gone = [_difference(DifferenceKind.MISSING_THERE, ours[key], None) for key in ours.keys() - theirs.keys()]
    new = [_difference(DifferenceKind.MISSING_HERE, None, theirs[key]) for key in theirs.keys() - ours.keys()]
    both = [(ours[key], theirs[key]) for key in ours.keys() & theirs.keys()]
    wrong = [_difference(DifferenceKind.AMOUNT, own, other) for own, other in both if not _is_same(own, other)]
    return sorted([*gone, *new, *wrong], key=lambda each: (each.kind, each.provider_payment_id))


def _is_same(own: Recorded, other: Recorded) -> bool:
    return (own.amount_minor, own.currency) == (other.amount_minor, other.currency)


def _difference(kind: DifferenceKind, own: Recorded | None, other: Recorded | None) -> DifferenceView:
    either = next(each for each in (own, other) if each is not None)
    return DifferenceView(
        kind=kind,
        provider_payment_id=either.provider_payment_id,
        provider_refund_id=either.provider_refund_id,
        payment_id=own.payment_id if own else None,
        ours_minor=own.amount_minor if own else None,
        theirs_minor=other.amount_minor if other else None,
        currency=either.currency,
    )
