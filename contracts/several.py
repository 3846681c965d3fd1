"""Fields of queries that hold several values, which a URL says with commas between them."""

from typing import Any

from marshmallow import fields, validate

MOST_IDS = 100
"""As many as a page has rows."""


class Several(fields.List[Any]):
    """A list, or a text with commas between its values."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        given = value.split(",") if isinstance(value, str) else value
        return super()._deserialize(given, attr, data, **kwargs)


class Ids(Several):
    """The ids of up to 100 records, which a list is narrowed to. One that is unknown, or hidden, finds nothing."""

    def __init__(self, **more: Any) -> None:
        words = {"description": "Only these: one id, or up to 100 with commas between them. Unknown ones find nothing."}
        super().__init__(fields.UUID(), validate=validate.Length(1, MOST_IDS), metadata=words, **more)
