"""Lists whose statements are made once: the same pages as any list, and the same rows as any view."""

from typing import Annotated, Any

import pytest
from sqlalchemy import Column, Integer, String, Table, insert, select

from chassis.contract import Page, View, page_of
from chassis.errors import Invalid
from chassis.persistence.database import Database
from chassis.persistence.listing import Listing, Window, page
from chassis.persistence.tables import new_metadata
from records.fields import Key

METADATA = new_metadata()
BED = Table(
    "bed", METADATA, Column("ward", String(10)), Column("floor", Integer), Column("number", Integer, primary_key=True)
)
BEDS = Listing([BED.c.number, BED.c.ward, BED.c.floor], (BED.c.floor, BED.c.number))


class BedView(View):
    """Its fields in another order than the columns of the listing."""

    ward: str
    floor: int
    number: int


class NumberedBedView(View):
    """Its fields in the order of the columns."""

    number: int
    ward: Annotated[str, Key("name")]
    floor: int


@pytest.fixture
def beds(database: Database) -> Any:
    """Twelve beds on four floors of two wards."""
    METADATA.create_all(database.engine)
    with database.begin() as session:
        rows = [{"number": n, "floor": n % 4, "ward": "east" if n % 3 else "west"} for n in range(12)]
        session.execute(insert(BED), rows)
    yield database
    METADATA.drop_all(database.engine)


def listed(database: Database, limit: int, cursor: str | None = None, **filters: Any) -> Page:
    """One page of beds."""
    with database.read() as session:
        return BEDS.page(session, Window(limit, cursor), **filters)


@pytest.mark.parametrize("filters", [{}, {"ward": "east"}, {"ward": None, "floor": 2}])
def test_its_pages_are_those_of_any_list(beds: Database, filters: dict[str, Any]) -> None:
    cursor = None
    for _ in range(12):
        with beds.read() as session:
            query = select(BED.c.number, BED.c.ward, BED.c.floor)
            query = query.filter_by(**{name: value for name, value in filters.items() if value is not None})
            other = page(session, query, BEDS.keys, limit=2, cursor=cursor)
        mine = listed(beds, 2, cursor, **filters)
        assert [row.number for row in mine.items] == [row.number for row in other.items]
        if (cursor := mine.next) is None:
            break
    assert other.next is None


def test_a_cursor_that_is_not_ours_is_refused(beds: Database) -> None:
    with pytest.raises(Invalid, match="bad_cursor"):
        listed(beds, 2, "not-ours")


@pytest.mark.parametrize("view", [BedView, NumberedBedView])
def test_rows_are_dumped_as_marshmallow_would(beds: Database, view: type[View]) -> None:
    found = listed(beds, 3)
    rows = [row._asdict() for row in found.items]
    assert page_of(view).dump_one(found)["items"] == view.schema().dump(rows, many=True)


def test_an_empty_page_is_a_page(beds: Database) -> None:
    assert page_of(BedView).dump_one(listed(beds, 3, ward="north")) == {"items": [], "next": None}
