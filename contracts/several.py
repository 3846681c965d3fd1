"""Fields of queries that hold several values, which a URL separates by commas."""

from typing import Annotated, Any
from uuid import UUID

from marshmallow import fields, validate

from records.fields import Choice

MOST_IDS = 100
"""As many as a page has rows."""


class Several(fields.List[Any]):
    """A list, or a text with commas between its values."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        given = value.split(",") if isinstance(value, str) else value
        return super()._deserialize(given, attr, data, **kwargs)


class Choices(Several):
    """One of a few words, or several with commas between them (`booked,arrived`)."""

    def __init__(self, inner: Choice, **options: Any) -> None:
        options["validate"] = [*options["validate"], validate.Length(1, len(inner.members))]
        options["metadata"] = {"description": "One, or several with commas between them.", **options["metadata"]}
        super().__init__(inner, **options)


Ids = Annotated[
    list[UUID],
    Several,
    validate.Length(1, MOST_IDS),
    "Only these: one id, or up to 100 with commas between them. Unknown ones find nothing.",
]
"""The ids of up to 100 records, which a list is narrowed to."""
