"""Annotations, and their marshmallow fields."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

import pytest
from marshmallow import ValidationError, fields, missing, validate

from records.fields import OMITTED, Choice, Facts, Integer, Key, Moment, Omitted, Secret, declared_in, field_of, in_utc
from records.record import Record


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Part(Record):
    number: int


SHORT = (validate.Length(1, 5), validate.Regexp(r"[a-z]*\Z"))


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (UUID, fields.UUID),
        (str, fields.String),
        (int, Integer),
        (float, fields.Float),
        (bool, fields.Boolean),
        (datetime, Moment),
        (date, fields.Date),
        (time, fields.Time),
        (dict[str, int], fields.Raw),
        (Any, fields.Raw),
        (Colour, Choice),
        (Literal["a", "b"], fields.String),
        (Part, fields.Nested),
        (list[int], fields.List),
        (frozenset[int], fields.List),
    ],
    ids=str,
)
def test_type_decides_the_field(annotation: Any, kind: type[fields.Field[Any]]) -> None:
    assert type(field_of(annotation)) is kind


@pytest.mark.parametrize(
    ("annotation", "nullable"),
    [
        (str, False),
        (str | None, True),
        (str | Omitted, False),
        (str | Omitted | None, True),
        (Annotated[str, "A text."] | None, True),
        (Annotated[str | None, "A text."], True),
        (Annotated[str, "A text."] | Omitted | None, True),
    ],
    ids=str,
)
def test_null_is_allowed_where_the_type_names_none(annotation: Any, *, nullable: bool) -> None:
    made = field_of(annotation)
    assert (type(made), made.allow_none) == (fields.String, nullable)


def test_options_reach_the_field() -> None:
    assert field_of(str, required=True).required
    assert field_of(str, load_default="you").load_default == "you"


def test_text_and_facts_describe_the_field() -> None:
    made = field_of(Annotated[str, "The doctor.", Facts(example="Lena", roles=["admin"])])
    assert made.metadata == {"description": "The doctor.", "example": "Lena", "roles": ["admin"]}


def test_key_is_the_name_in_json_and_no_description() -> None:
    made = field_of(Annotated[str, Key("from"), "The start."])
    assert (made.data_key, made.metadata) == ("from", {"description": "The start."})


@pytest.mark.parametrize("annotation", [Annotated[str, Secret], Annotated[str, Secret] | None])
def test_secret_is_loaded_and_never_dumped(annotation: Any) -> None:
    assert field_of(annotation).load_only
    assert not field_of(str).load_only


@pytest.mark.parametrize("value", ["", "abcdef", "A"])
def test_each_validator_of_a_tuple_of_marks_counts(value: str) -> None:
    made = field_of(Annotated[str, SHORT])
    assert made.deserialize("abc") == "abc"
    with pytest.raises(ValidationError):
        made.deserialize(value)


def test_marks_of_nested_annotations_are_joined() -> None:
    made = field_of(Annotated[Annotated[str, SHORT, "inner"] | None, Facts(example="abc"), "outer"])
    assert (made.allow_none, made.metadata) == (True, {"description": "outer", "example": "abc"})
    assert len(made.validators) == len(SHORT)


def test_field_among_the_marks_replaces_the_usual_one() -> None:
    made = field_of(Annotated[str, fields.Email, validate.Length(max=20)])
    assert type(made) is fields.Email
    with pytest.raises(ValidationError):
        made.deserialize("asha@a-very-long-name.example")


def test_field_among_the_marks_of_a_list_gets_the_inner_field() -> None:
    class Several(fields.List[Any]):
        pass

    made = field_of(Annotated[list[Annotated[str, validate.Length(max=2)]], Several])
    assert type(made) is Several
    with pytest.raises(ValidationError):
        made.deserialize(["abc"])


def test_literal_takes_its_values_and_obeys_further_validators() -> None:
    made = field_of(Annotated[Literal["a", "bc"], validate.Length(max=1)])
    assert made.deserialize("a") == "a"
    for value in ("bc", "d"):
        with pytest.raises(ValidationError):
            made.deserialize(value)


def test_choice_loads_a_member_and_refuses_other_values() -> None:
    made = field_of(Colour | None)
    assert made.deserialize("red") is Colour.RED
    assert made.deserialize(None) is None
    for value in ("RED", "green", 1):
        with pytest.raises(ValidationError):
            made.deserialize(value)


def test_choice_obeys_further_validators() -> None:
    with pytest.raises(ValidationError):
        field_of(Annotated[Colour, validate.NoneOf(["blue"])]).deserialize("blue")


def test_choice_that_is_left_out_has_its_default() -> None:
    assert field_of(Colour, load_default=Colour.BLUE).deserialize(missing) is Colour.BLUE


def test_choice_is_dumped_as_text() -> None:
    assert Choice(Colour).serialize("colour", {"colour": Colour.RED}) == "red"


def test_omitted_is_falsy_and_not_null() -> None:
    assert not OMITTED
    assert OMITTED is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T10:00:00+01:00", datetime(2026, 11, 23, 9, tzinfo=UTC)),
        ("2026-11-23T09:00:00Z", datetime(2026, 11, 23, 9, tzinfo=UTC)),
    ],
)
def test_moment_is_loaded_in_utc(text: str, expected: datetime) -> None:
    loaded = Moment().deserialize(text)
    assert (loaded, loaded.tzinfo) == (expected, UTC)


@pytest.mark.parametrize("text", ["2026-11-23T10:00:00", "2026-11-23", "noon", 5, "0001-01-01T00:00:00+14:00"])
def test_moment_is_refused_without_a_zone_or_beyond_the_calendar(text: object) -> None:
    with pytest.raises(ValidationError, match="Not a moment with a zone"):
        Moment().deserialize(text)


@pytest.mark.parametrize(
    "moment",
    [datetime(2026, 11, 23, 9), datetime.max.replace(tzinfo=timezone(-timedelta(hours=12)))],  # noqa: DTZ001  the naive time is refused
)
def test_moment_without_a_date_in_utc_is_an_error(moment: datetime) -> None:
    with pytest.raises(ValueError, match=r"zone|calendar"):
        in_utc(moment)


class Base:
    first: int
    shared: ClassVar[int] = 1
    bare: ClassVar = 2
    _private: int


class Derived(Base):
    second: str
    first: float  # type: ignore[assignment]  # a subclass may declare a field again


def test_declared_fields_are_in_order_without_class_variables_and_private_names() -> None:
    assert list(declared_in(Derived).items()) == [("first", float), ("second", str)]
