"""Commands, views and events: their reading, their refusals and their output."""

import types
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, fields, validate

from chassis.contract import Command, Page, PageView, Query, View, page_of, snake_case
from chassis.errors import Invalid
from chassis.event import Event
from contracts.ranges import HourMinute
from contracts.scheduling.availability import SetSchedule, SlotPage, SlotPageView
from contracts.texts import EmailText
from records.fields import OMITTED, Choice, Integer, Key, Moment, Omitted
from tests import ward
from tests.guards.house import commands


class Inner(View):
    value: float


class Everything(View):
    """A view with a field of every plain kind."""

    id: UUID
    text: str
    mail: EmailText
    number: int
    flag: bool
    at: datetime
    day: date
    renamed: Annotated[str, Key("other")]
    null: str | None


class NotPlain(View):
    inner: Inner
    at: Annotated[time, HourMinute]


MOMENTS = st.datetimes(timezones=st.just(UTC) | st.integers(-12, 14).map(lambda h: timezone(timedelta(hours=h))))
ROWS = st.fixed_dictionaries(
    {
        "id": st.uuids(),
        "text": st.text(),
        "mail": st.emails(),
        "number": st.integers(-(2**53), 2**53),
        "flag": st.booleans(),
        "at": MOMENTS,
        "day": st.dates(),
        "renamed": st.text(),
        "null": st.none() | st.text(),
    }
)


class Row:
    """What comes from the database."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def is_text(row: dict[str, Any]) -> bool:
    """Without lone surrogates, which no JSON and no database takes."""
    try:
        orjson.dumps(row)
    except TypeError:
        return False
    return True


def as_json(value: Any) -> Any:
    """What a caller gets."""
    return orjson.loads(orjson.dumps(value))


@given(ROWS.filter(is_text))
def test_the_compiled_dump_is_what_marshmallow_would_write(row: dict[str, Any]) -> None:
    expected = as_json(Everything.schema().dump(row))
    assert as_json(Everything.dump_one(row)) == expected
    assert as_json(Everything.dump_one(Row(**row))) == expected


MADE: dict[type, Any] = {
    fields.UUID: UUID(int=7),
    fields.Email: "asha@example.org",
    fields.Url: "https://hospital.example/",
    fields.Integer: 42,
    Integer: 42,
    fields.Float: 1.5,
    fields.Boolean: True,
    Moment: datetime(2026, 11, 23, 9, tzinfo=UTC),
    fields.Date: date(2026, 11, 23),
    fields.Decimal: Decimal("4.1"),
    fields.Time: time(9, 30),
    fields.Raw: {"a": [1]},
    fields.String: "text",
}


def made(view: type[View]) -> dict[str, Any]:
    """A row with a value in every field of a view."""
    return {field.attribute or name: _value(field) for name, field in view.schema().fields.items()}


def _value(field: Any) -> Any:
    if isinstance(field, fields.List):
        return [_value(field.inner)]
    if isinstance(field, fields.Nested):
        return made(field.schema.record)
    if isinstance(field, Choice):
        return next(iter(field.members))
    return next(MADE[kind] for kind in type(field).__mro__ if kind in MADE)


VIEWS = {command.returns for command in commands()}
PAGES: dict[Any, Any] = {SlotPageView: partial(SlotPage, timezone="text")}
"""Those that say more than their items and where to go on."""


@pytest.mark.parametrize("view", sorted(VIEWS, key=lambda one: one.__name__), ids=lambda one: one.__name__)
def test_each_view_is_written_as_marshmallow_would(view: type[View]) -> None:
    row = made(view)
    value = PAGES.get(view, Page)(row["items"], "cursor") if issubclass(view, PageView) else row
    expected = as_json(view.schema().dump({**row, **({"next": "cursor"} if isinstance(value, Page) else {})}))
    assert as_json(view.dump_one(value)) == expected


def test_what_is_not_plain_is_left_to_marshmallow() -> None:
    row = {"inner": {"value": 1.5, "more": 2}, "at": time(9, 30)}
    assert NotPlain.dump_one(row) == {"inner": {"value": 1.5}, "at": "09:30"}


def test_view_of_none_is_none() -> None:
    assert Everything.dump_one(None) is None


def test_a_page_has_its_rows_and_the_next_cursor() -> None:
    page = Page([{"value": 1.0}], "cursor")
    assert page_of(Inner).dump_one(page) == {"items": [{"value": 1.0}], "next": "cursor"}


def test_schemas_are_made_once() -> None:
    assert Everything.schema() is Everything.schema()
    assert page_of(Inner) is page_of(Inner)


class Order(Command, service="ward", roles=frozenset(), returns=Inner):
    text: Annotated[str, validate.Length(max=5)]
    parts: list[str] | Omitted = OMITTED


def errors(payload: dict[str, Any]) -> Any:
    """The messages of a refused payload, by field."""
    with pytest.raises(Invalid) as refused:
        Order.read(payload)
    return refused.value.facts.get("errors", refused.value.detail)


def test_unknown_missing_and_wrong_fields_are_each_named() -> None:
    assert set(errors({"colour": "red"})) == {"text", "colour"}
    assert set(errors({"text": "too long"})) == {"text"}


@pytest.mark.parametrize("payload", [{"text": "a\0b"}, {"text": "a", "parts": ["b", "\0"]}, {"a\0": 1}], ids=str)
def test_nul_is_refused_in_any_field(payload: dict[str, Any]) -> None:
    assert "NUL" in errors(payload)


def test_a_query_only_reads() -> None:
    assert (Query.reads, Command.reads) == (True, False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("BookAppointment", "book_appointment"), ("Greet", "greet"), ("Try2Codes", "try2_codes"), ("MFACode", "mfacode")],
)
def test_names_are_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


def test_two_events_of_one_name_are_refused() -> None:
    with pytest.raises(TypeError, match="taken"):
        types.new_class(
            "NoteWritten",
            (ward.NoteEvent,),
            {"service": "cellar", "subject": "note_id"},
            lambda names: names.update(__module__="elsewhere"),
        )


@pytest.mark.parametrize("data", [{}, {"note_id": UUID(int=1), "colour": "red"}], ids=["missing", "unknown"])
def test_an_event_has_all_its_fields_and_no_other(data: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        ward.NoteWritten(**data)


def test_a_newer_publishers_unknown_fields_are_passed_over() -> None:
    loaded = ward.NoteWritten.schema().load({"note_id": str(UUID(int=1)), "colour": "red"})
    assert loaded.data == {"note_id": UUID(int=1)}


class Sampled(Event, service="ward", subject="at", for_outside=True):
    at: Annotated[time, HourMinute]


def test_data_that_is_not_plain_is_written_by_marshmallow() -> None:
    assert Sampled(at=time(9, 30)).plain() == {"at": "09:30"}


def test_internal_events_have_an_exchange_of_their_own() -> None:
    assert (ward.NoteWritten.exchange(), ward.NoteWhispered.exchange()) == ("ward.events", "ward.internal")
    assert ward.NoteWritten.queue_of("desk.on_note_written") == "evt-ward-note_written--desk.on_note_written"


def test_errors_within_a_list_are_plain_json() -> None:
    with pytest.raises(Invalid) as refused:
        SetSchedule.read({"doctor_id": str(uuid4()), "rules": [{"weekday": 7}]})
    errors = refused.value.facts["errors"]
    assert orjson.loads(orjson.dumps(errors)) == errors
    assert "weekday" in errors["rules"]["0"]


@pytest.mark.parametrize("value", [2.5, 2.6e-42, float("inf"), float("nan"), True, "2.5", "1e400"])
def test_a_number_that_is_not_whole_is_refused_and_not_cut(value: object) -> None:
    with pytest.raises(ValidationError):
        Integer().deserialize(value)


@pytest.mark.parametrize("value", [5, 5.0, "5"])
def test_a_whole_number_is_taken_in_each_of_its_forms(value: object) -> None:
    assert Integer().deserialize(value) == 5
