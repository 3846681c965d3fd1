"""Lists of prices."""

from chassis.persistence.database import Session
from contracts.billing.prices import ListPrices
from services.billing.prices import queries
from tests.billing.factories import ADMIN, price


def test_prices_are_listed_by_code_page_by_page(session: Session) -> None:
    for code in ("c", "a", "b"):
        price(session, code=code)
    first = queries.list_prices(session, ADMIN, ListPrices(limit=2, cursor=None))
    second = queries.list_prices(session, ADMIN, ListPrices(limit=2, cursor=first.next))
    assert [row.code for row in [*first.items, *second.items]] == ["a", "b", "c"]
