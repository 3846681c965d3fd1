"""Fields of queries with several values, which a URL separates by commas."""

from collections.abc import Mapping
from typing import Annotated, Any, Unpack
from uuid import UUID

from marshmallow import fields, validate

from records.fields import Choice, Options

MOST_IDS = 100
"""The size of a page."""


class Several(fields.List[Any]):
    """A list, or a text of values separated by commas."""

    def _deserialize(
        self, value: object, attr: str | None, data: Mapping[str, object] | None, **kwargs: object
    ) -> list[object]:
        given = value.split(",") if isinstance(value, str) else value
        return super()._deserialize(given, attr, data, **kwargs)


class Choices(Several):
    """Values of an enum, separated by commas (`booked,arrived`)."""

    def __init__(self, inner: Choice, **options: Unpack[Options]) -> None:
        options["validate"] = [*options["validate"], validate.Length(1, len(inner.members))]
        options["metadata"] = {"description": "A value, or several separated by commas.", **options["metadata"]}
        super().__init__(inner, **options)


Ids = Annotated[
    list[UUID],
    Several,
    validate.Length(1, MOST_IDS),
    "Only these ids: up to 100, separated by commas. The list omits unknown ids.",
]
"""A filter by up to 100 ids."""
