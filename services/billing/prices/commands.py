"""Set prices."""

from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from contracts.billing.prices import PRICE_EXISTS, SetPrice
from services.billing import rules, settings
from services.billing.invoices import drafts
from services.billing.models.invoices import InvoiceLine
from services.billing.models.prices import Price
from services.billing.prices import catalogue

REFUSALS = {"uq_price_code_valid_from": PRICE_EXISTS}


def set_price(session: Session, _actor: Actor, command: SetPrice) -> Price:
    """Set a price from a day on, and issue the drafts that wait for it. The day defaults to the hospital's today.

    The price counts only for visits on or after that day.
    """
    catalogue.lock_for_writing(session)
    now = clock.now()
    price = Price(
        id=uuid7(),
        code=rules.normal_code(command.code),
        name=command.name,
        amount_minor=command.amount_minor,
        currency=settings.current().currency,
        tax_basis_points=command.tax_basis_points,
        valid_from=command.valid_from or rules.day_of(now, config.current().hospital_timezone),
        created_at=now,
    )
    with refusing(session, REFUSALS):
        session.add(price)
    drafts.complete(session, drafts.waiting(session, InvoiceLine.code == price.code))
    return price
