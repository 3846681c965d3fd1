"""Set prices."""

from datetime import date

from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.identity import Actor
from chassis.persistence.database import Session, refusing
from contracts.billing.prices import NO_SUCH_PRICE, PRICE_EXISTS, ChangePrice, SetPrice
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
    price = Price(
        id=uuid7(),
        code=rules.normal_code(command.code),
        name=command.name,
        amount_minor=command.amount_minor,
        currency=settings.current().currency,
        tax_basis_points=command.tax_basis_points,
        valid_from=command.valid_from or _today(),
        created_at=clock.now(),
    )
    return _start(session, price)


def change_price(session: Session, _actor: Actor, command: ChangePrice) -> Price:
    """Add a price from a day on. It takes over what the caller omits from the price in force on that day."""
    catalogue.lock_for_writing(session)
    code, currency, day = rules.normal_code(command.code), settings.current().currency, command.valid_from or _today()
    before = rules.price_on(catalogue.prices_of(session, [code])[code], day, currency)
    if before is None:
        raise NO_SUCH_PRICE()
    amount, tax = command.amount_minor, command.tax_basis_points
    price = Price(
        id=uuid7(),
        code=code,
        name=command.name or before.name,
        amount_minor=before.amount_minor if amount is None else amount,
        currency=currency,
        tax_basis_points=before.tax_basis_points if tax is None else tax,
        valid_from=day,
        created_at=clock.now(),
    )
    return _start(session, price)


def _today() -> date:
    """Return today in the hospital."""
    return rules.day_of(clock.now(), config.current().hospital_timezone)


def _start(session: Session, price: Price) -> Price:
    """Add a price, and issue the drafts that wait for it."""
    with refusing(session, REFUSALS):
        session.add(price)
    drafts.complete(session, drafts.waiting(session, InvoiceLine.code == price.code))
    return price
