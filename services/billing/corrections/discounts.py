"""Discounts: their amount, and the share of each line. Money is in minor units."""

from collections.abc import Sequence
from typing import NamedTuple

from services.billing.rules import tax_on

HUNDRED = 100


class Share(NamedTuple):
    """The part of a discount that a line bears, before tax, and the tax that falls with it."""

    net_minor: int
    tax_minor: int

    @property
    def amount_minor(self) -> int:
        """Return the share with tax."""
        return self.net_minor + self.tax_minor


class Charge(NamedTuple):
    """The amount before tax that a line still charges, and its tax rate in basis points."""

    net_minor: int
    tax_basis_points: int

    def less(self, discount_minor: int) -> Share:
        """Return the share of a discount, with the difference between the tax before and after."""
        before = tax_on(self.net_minor, self.tax_basis_points)
        after = tax_on(self.net_minor - discount_minor, self.tax_basis_points)
        return Share(discount_minor, before - after)


def percentage_of(net_minor: int, percent: int) -> int:
    """Return a percentage of an amount, rounded half to even."""
    return tax_on(net_minor, percent * HUNDRED)


def shares_of(discount_minor: int, charges: Sequence[Charge]) -> list[Share]:
    """Spread a discount over lines in proportion to what they charge. The shares add up to the discount.

    Each share is rounded down, and the rest goes to the largest remainders, earlier lines first (Hamilton's method).
    The discount is at most the sum of the lines, so no line becomes negative.
    """
    whole = sum(charge.net_minor for charge in charges)
    parts = [divmod(discount_minor * charge.net_minor, whole) for charge in charges]
    rest = discount_minor - sum(share for share, _remainder in parts)
    by_remainder = sorted(range(len(parts)), key=lambda place: -parts[place][1])
    raised = set(by_remainder[:rest])
    shares = [share + (place in raised) for place, (share, _remainder) in enumerate(parts)]
    return [charge.less(share) for charge, share in zip(charges, shares, strict=True)]
