"""Records: loading, refusals, and dumps."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar
from uuid import UUID

import pytest
from marshmallow import EXCLUDE, ValidationError

from records.fields import OMITTED, Key, Omitted, Secret
from records.record import Record


class Span(Record):
    """From one number to another."""

    from_: Annotated[int, Key("from")]
    to: int

    def flaws(self) -> Iterator[tuple[str, str]]:
        if self.to < self.from_:
            yield "to", "Must not be smaller than `from`."


class Order(Record):
    kind: ClassVar[str] = "order"
    id: UUID
    span: Span
    spans: list[Span] = []  # noqa: RUF012  each loaded record has a list of its own
    count: int = 1
    note: str | Omitted | None = OMITTED
    password: Annotated[str, Secret] | None = None


class LateOrder(Order):
    hours: int


class Loose(Record):
    unknown = EXCLUDE
    name: str


ID = UUID("01919c5e-0000-7000-8000-000000000001")
PAYLOAD = {"id": str(ID), "span": {"from": 1, "to": 2}}


def errors(payload: Mapping[str, object], record: type[Record] = Order) -> object:
    """The messages of a refused payload."""
    with pytest.raises(ValidationError) as refused:
        record.schema().load(payload)
    return refused.value.messages


def order() -> Order:
    return Order(id=ID, span=Span(from_=1, to=2), password="secret")


def test_payload_is_loaded_as_a_record_with_defaults() -> None:
    loaded = Order.schema().load(PAYLOAD)
    assert type(loaded) is Order
    assert (loaded.id, loaded.count, loaded.spans, loaded.note, loaded.password) == (ID, 1, [], OMITTED, None)


def test_nested_parts_are_loaded_as_records() -> None:
    loaded = Order.schema().load({**PAYLOAD, "spans": [{"from": 3, "to": 4}]})
    assert type(loaded.span) is Span
    assert [(one.from_, one.to) for one in (loaded.span, *loaded.spans)] == [(1, 2), (3, 4)]


def test_lists_of_two_loaded_records_are_not_the_same_list() -> None:
    one, two = (Order.schema().load(PAYLOAD) for _time in range(2))
    one.spans.append(Span(from_=1, to=2))
    assert (two.spans, Order.spans) == ([], [])


def test_field_without_default_is_required() -> None:
    assert errors({}) == {name: ["Missing data for required field."] for name in ("id", "span")}


def test_unknown_fields_are_refused_also_in_nested_parts() -> None:
    unknown = {"colour": ["Unknown field."]}
    assert errors({**PAYLOAD, "colour": "red"}) == unknown
    assert errors({**PAYLOAD, "span": {"from": 1, "to": 2, "colour": "red"}}) == {"span": unknown}


def test_unknown_fields_are_ignored_where_the_record_says_so() -> None:
    assert Loose.schema().load({"name": "Asha", "colour": "red"}).given() == {"name": "Asha"}


def test_flaw_is_refused_under_the_name_of_its_field() -> None:
    wrong, message = {"from": 2, "to": 1}, {"to": ["Must not be smaller than `from`."]}
    assert errors(wrong, Span) == message
    assert errors({**PAYLOAD, "spans": [wrong]}) == {"spans": {0: message}}


def test_flaws_are_not_looked_for_when_a_field_is_malformed() -> None:
    assert errors({"from": 2, "to": "one"}, Span) == {"to": ["Not a valid integer."]}


def test_given_has_null_but_not_what_was_left_out() -> None:
    assert "note" not in Order.schema().load(PAYLOAD).given()
    assert Order.schema().load({**PAYLOAD, "note": None}).given()["note"] is None


def test_given_has_the_defaults_of_fields_that_were_left_out() -> None:
    assert order().given().keys() == {"id", "span", "spans", "count", "password"}


def test_null_is_refused_where_the_type_does_not_name_it() -> None:
    assert errors({**PAYLOAD, "count": None}) == {"count": ["Field may not be null."]}


def test_record_is_not_made_with_missing_or_unknown_fields() -> None:
    with pytest.raises(TypeError, match=r"Order: missing \['span'\], unknown \['colour'\]"):
        Order(id=ID, colour="red")  # type: ignore[call-arg]  # refused at run time, too


def test_repr_shows_no_value() -> None:
    assert repr(order()) == str(order()) == "<Order>"


def test_secret_is_loaded_and_not_dumped() -> None:
    loaded = Order.schema().load({**PAYLOAD, "password": "secret"})
    assert loaded.password == "secret"
    assert "password" not in Order.schema().dump(loaded)


def test_key_of_json_is_dumped_too() -> None:
    assert Span.schema().dump(Span(from_=1, to=2)) == {"from": 1, "to": 2}


def test_subclass_has_the_fields_of_its_base_first() -> None:
    assert list(LateOrder.declared()) == [*Order.declared(), "hours"]
    assert "hours" not in Order.declared()
    assert "kind" not in Order.declared()


def test_schema_is_made_once_for_each_class_with_its_docstring() -> None:
    assert Span.schema() is Span.schema()
    assert type(LateOrder.schema()) is not type(Order.schema())
    assert (type(Span.schema()).__name__, type(Span.schema()).__doc__) == ("Span", "From one number to another.")
