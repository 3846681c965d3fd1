"""A small gateway with everything that a description of it could get wrong."""

from decimal import Decimal
from enum import Enum
from typing import Any

from marshmallow import fields, validate

from chassis.contract import ANYONE, Command, PageQuery, Query, View, page_of
from contracts.roles import Role
from gateway import openapi
from gateway.route import route


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(Enum):
    LOW = 1


class Moment(fields.Field[str]):
    """A moment, as told in words."""


class PartView(View):
    id = fields.UUID()
    secret = fields.String()


class OddView(View):
    """What apispec gets wrong."""

    colour = fields.Enum(Colour, by_value=True)
    perhaps = fields.Enum(Level, by_value=True, allow_none=True)
    price = fields.Decimal(as_string=True, validate=validate.Range(min=Decimal("0.01")))
    share = fields.Float(validate=validate.Range(0, 1, min_inclusive=False, max_inclusive=False))
    anything = fields.Raw(allow_none=True)
    part = fields.Nested(PartView, only=("id",))
    whole = fields.Nested(PartView)
    parts = fields.List(fields.Nested(PartView, exclude=("secret",)))
    page = fields.Url()
    told = Moment()


class TellOdd(Command):
    """Say something odd. Then stop.

    Conflict: `too_odd` (of `thing`), `not_odd`. NotFound: nothing of that kind. Unavailable: `odd_down` (for
    0.5 s).
    """

    service, roles, returns, verified = "auth", frozenset({Role.ADMIN}), OddView, True
    me_id = fields.UUID(required=True)
    thing = fields.String(required=True)
    note = fields.String(load_default=None)


class FindOdd(Query):
    """Find something odd."""

    service, roles, returns = "auth", ANYONE, PartView
    colour = fields.String(load_default=None, validate=validate.OneOf(["red", "blue"]))
    limit = fields.Integer(load_default=20)


class RevisedView(View):
    """What can be changed."""

    id = fields.UUID()
    revision = fields.Integer()
    note = fields.String(metadata={"sometimes": True})


class Revise(Command):
    """Change it."""

    service, roles, returns, revised, keyed = "auth", frozenset({Role.ADMIN}), RevisedView, True, False
    id = fields.UUID(required=True)
    word = fields.String(validate=validate.Regexp(r"^[a-z]+\Z"), metadata={"example": "odd"})
    zone = fields.String(validate=validate.OneOf([f"zone-{number}" for number in range(60)]))


class Look(Query):
    """Look at it."""

    service, roles, returns = "auth", ANYONE, RevisedView
    id = fields.UUID(required=True)


class ListOfRevised(PageQuery):
    """List what was changed."""

    service, roles, returns = "auth", frozenset({Role.ADMIN}), page_of(RevisedView)
    revised_id = fields.UUID(required=True)


class Odd:
    """A gateway of few routes."""

    find = route("GET", "/api/odd", FindOdd)
    revise = route("PUT", "/api/odd/{id}", Revise)
    look = route("GET", "/api/odd/{id}", Look)
    listed = route("GET", "/api/revised/{revised_id}", ListOfRevised)
    tell = route("POST", "/api/odd/{thing}", TellOdd, me="me_id", status=202)
    amend = route("PUT", "/api/staff/odd", TellOdd)


def described() -> dict[str, Any]:
    """Its OpenAPI document."""
    return openapi.document(Odd)
