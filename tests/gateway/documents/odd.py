"""A small gateway with everything that the OpenAPI document could get wrong."""

from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from marshmallow import fields, validate

from chassis.contract import ANYONE, Command, PageQuery, Query, View, page_of
from chassis.errors import Conflict, Unavailable
from chassis.refusals import NOT_FOUND, Refusal
from contracts.roles import Role
from contracts.texts import UrlText
from gateway.documents import openapi
from gateway.documents.tags import Tag
from gateway.route import route
from records.fields import OMITTED, Facts, Omitted


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(Enum):
    LOW = 1


class Moment(fields.Field[str]):
    """A moment in words."""


class PartView(View):
    id: UUID
    secret: str


class OddView(View):
    """Fields that apispec describes wrongly."""

    colour: Annotated[Colour, partial(fields.Enum, Colour, by_value=True)]
    level: Annotated[Level, partial(fields.Enum, Level, by_value=True)] | None
    price: Annotated[Decimal, partial(fields.Decimal, as_string=True), validate.Range(min=Decimal("0.01"))]
    share: Annotated[float, validate.Range(0, 1, min_inclusive=False, max_inclusive=False)]
    anything: Any | None
    part: Annotated[PartView, partial(fields.Nested, PartView.schema(), only=("id",))]
    whole: PartView
    parts: list[Annotated[PartView, partial(fields.Nested, PartView.schema(), exclude=("secret",))]]
    page: UrlText
    spoken: Annotated[str, Moment]


class TellOdd(
    Command,
    service="auth",
    roles=frozenset({Role.ADMIN}),
    returns=OddView,
    verified=True,
    refuses=(
        Refusal(Conflict, "too_odd", "This is too odd."),
        Refusal(Conflict, "not_odd", "This is not odd."),
        NOT_FOUND,
        Refusal(Unavailable, "odd_down", "Wait 0.5 s."),
    ),
):
    """Say something odd. Then stop."""

    me_id: UUID
    thing: str
    note: str | None = None


class FindOdd(Query, service="auth", roles=ANYONE, returns=PartView):
    """Find something odd."""

    colour: Literal["red", "blue"] | None = None
    limit: int = 20


class RevisedView(View):
    """A record with revisions."""

    id: UUID
    revision: int
    note: Annotated[str, Facts(sometimes=True)]


class Revise(Command, service="auth", roles=frozenset({Role.ADMIN}), returns=RevisedView, revised=True, keyed=False):
    """Change it."""

    id: UUID
    word: Annotated[str, validate.Regexp(r"^[a-z]+\Z"), Facts(example="odd")] | Omitted = OMITTED
    zone: Annotated[str, validate.OneOf([f"zone-{number}" for number in range(60)])] | Omitted = OMITTED


class Look(Query, service="auth", roles=ANYONE, returns=RevisedView):
    """Look at it."""

    id: UUID


class ListOfRevised(PageQuery, service="auth", roles=frozenset({Role.ADMIN}), returns=page_of(RevisedView)):
    """List what was changed."""

    revised_id: UUID


ODD_TAGS = {__name__: Tag.SYSTEM}


class Odd:
    """A gateway with few routes."""

    find = route("GET", "/api/odd", FindOdd)
    revise = route("PUT", "/api/odd/{id}", Revise)
    look = route("GET", "/api/odd/{id}", Look)
    listed = route("GET", "/api/revised/{revised_id}", ListOfRevised)
    tell = route("POST", "/api/odd/{thing}", TellOdd, me="me_id", status=202)
    amend = route("PUT", "/api/staff/odd", TellOdd)


def described() -> dict[str, Any]:
    """Return its OpenAPI document."""
    return openapi.document(Odd, ODD_TAGS)
