"""The OpenAPI document says what routes and contracts say."""

import json
import os
import subprocess
import sys
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields, validate
from openapi_spec_validator import OpenAPIV31SpecValidator

from chassis.contract import ANYONE, Command, Query, View
from contracts.roles import Role
from gateway import openapi, schemas
from gateway.route import route
from gateway.service import GatewayService
from tests.matron.conftest import Matron

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
DOCUMENT = openapi.document(GatewayService)
ENTRIES = openapi.entries(GatewayService)


def operation(method: str, url: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][url][method.lower()]
    return found


def fields_of(made: dict[str, Any]) -> set[str]:
    """Everything that a request may be asked for: parameters but the key, and the body's members."""
    body = made.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {one["name"] for one in made["parameters"] if "name" in one} | set(body.get("properties", ()))


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

    Conflict: `too_odd`, `not_odd`. NotFound: nothing of that kind. Unavailable: `odd_down` (for
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


class Odd:
    """A gateway of few routes."""

    find = route("GET", "/api/odd", FindOdd)
    tell = route("POST", "/api/odd/{thing}", TellOdd, me="me_id", status=202)
    amend = route("PUT", "/api/staff/odd", TellOdd)


@pytest.fixture(scope="module")
def odd() -> dict[str, Any]:
    return openapi.document(Odd)


def property_of(made: dict[str, Any], name: str) -> Any:
    return made["components"]["schemas"]["OddView"]["properties"][name]


def test_the_document_is_valid_openapi_3_1(odd: dict[str, Any]) -> None:
    for made in (DOCUMENT, odd):
        OpenAPIV31SpecValidator(json.loads(openapi.as_text(made))).validate()


def test_the_committed_document_is_what_the_code_says() -> None:
    assert COMMITTED.read_text("utf-8") == openapi.as_text(DOCUMENT), "run `make docs`"


def test_the_document_is_the_same_in_every_process() -> None:
    command = [sys.executable, "-m", "matron.command", "openapi"]
    made = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1] == openapi.as_text(DOCUMENT).encode()


def test_every_route_is_there_with_the_roles_of_its_contract() -> None:
    for entry in ENTRIES:
        made = operation(entry.method, entry.url)
        assert made["x-roles"] == sorted(entry.contract.roles)
        assert bool(made["security"]) is bool(entry.contract.roles)
        assert str(entry.status) in made["responses"]
    assert len(ENTRIES) == sum(map(len, DOCUMENT["paths"].values()))


def test_every_field_of_a_command_is_asked_for_once_but_the_callers_own_id() -> None:
    for entry in ENTRIES:
        names = {field.data_key or name for name, field in entry.contract.schema().fields.items()}
        assert fields_of(operation(entry.method, entry.url)) == names - {entry.me}, entry.url


def test_operations_have_names_of_their_own() -> None:
    names = [made["operationId"] for path in DOCUMENT["paths"].values() for made in path.values()]
    assert len(names) == len(set(names))


def test_a_command_with_several_routes_has_a_name_for_each(odd: dict[str, Any]) -> None:
    paths = odd["paths"]
    assert paths["/api/odd/{thing}"]["post"]["operationId"] == "tell_odd_odd"
    assert paths["/api/staff/odd"]["put"]["operationId"] == "tell_odd_staff"


def test_a_page_has_items_and_the_next_cursor() -> None:
    made = DOCUMENT["components"]["schemas"]["SlotViewPage"]
    assert made["properties"]["items"]["items"] == {"$ref": "#/components/schemas/SlotView"}
    assert made["properties"]["next"]["type"] == ["string", "null"]
    assert made["required"] == ["items", "next"]


def test_a_reply_has_all_its_fields_and_may_have_more_one_day() -> None:
    made = DOCUMENT["components"]["schemas"]["AppointmentView"]
    assert made["required"] == sorted(made["properties"])
    assert "additionalProperties" not in made


def test_what_is_taken_in_refuses_unknown_fields_and_has_those_optional_that_are() -> None:
    made = DOCUMENT["components"]["schemas"]["PrescriptionItemView"]
    assert made["additionalProperties"] is False
    assert "refills" not in made["required"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("colour", {"type": "string", "enum": ["red", "blue"]}),
        ("perhaps", {"type": ["integer", "null"], "enum": [1, None]}),
        ("price", {"type": "string", "format": "decimal"}),
        ("share", {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        ("anything", {}),
        ("whole", {"$ref": "#/components/schemas/PartView"}),
        ("told", {"type": "string", "description": "A moment, as told in words."}),
        ("page", {"type": "string", "format": "uri"}),
    ],
)
def test_what_apispec_gets_wrong_is_right(odd: dict[str, Any], name: str, expected: object) -> None:
    assert property_of(odd, name) == expected


def test_a_view_that_is_cut_down_has_only_the_fields_that_are_left(odd: dict[str, Any]) -> None:
    assert set(property_of(odd, "part")["properties"]) == {"id"}
    assert set(property_of(odd, "parts")["items"]["properties"]) == {"id"}


def test_two_views_of_one_name_are_refused() -> None:
    other = type("PartView", (View,), {"id": fields.UUID(), "__doc__": "Another."})
    command = type("FindOther", (FindOdd,), {"returns": other, "__doc__": "Find."})
    gateway = type("Two", (Odd,), {"other": route("GET", "/api/other", command)})
    with pytest.raises(TypeError, match="two views are called PartView"):
        openapi.document(gateway)


def test_the_refusals_that_a_contract_names_are_those_of_its_operation(odd: dict[str, Any]) -> None:
    responses = odd["paths"]["/api/odd/{thing}"]["post"]["responses"]
    assert responses["409"]["description"] == "Conflict: `too_odd`, `not_odd`."
    assert responses["503"]["description"] == "Unavailable: `odd_down`."
    assert responses["404"] == {"$ref": "#/components/responses/NotFound"}


def test_what_can_go_wrong_depends_on_the_operation(odd: dict[str, Any]) -> None:
    always = {"401", "422", "429", "500", "503", "504"}
    assert set(odd["paths"]["/api/odd"]["get"]["responses"]) == {"200", *always}
    told = odd["paths"]["/api/odd/{thing}"]["post"]["responses"]
    assert set(told) == {"202", "400", "403", "404", "409", "413", "415", *always}


def test_a_query_parameter_is_left_out_and_never_null(odd: dict[str, Any]) -> None:
    by_name = {one["name"]: one for one in odd["paths"]["/api/odd"]["get"]["parameters"]}
    assert by_name["colour"]["schema"] == {"type": "string", "enum": ["red", "blue"]}
    assert by_name["limit"]["schema"] == {"type": "integer", "default": 20}


def test_a_post_takes_a_key_unless_its_reply_is_not_kept() -> None:
    key = {"$ref": "#/components/parameters/Idempotency-Key"}
    assert key in operation("POST", "/api/patient/book-appointment")["parameters"]
    assert key not in operation("POST", "/api/auth/login")["parameters"]
    assert key not in operation("GET", "/api/patient/invoices")["parameters"]


def test_a_summary_is_the_first_sentence(odd: dict[str, Any]) -> None:
    made = odd["paths"]["/api/odd/{thing}"]["post"]
    assert made["summary"] == "Say something odd"
    assert made["description"].endswith("Roles: admin. The e-mail address must have been verified.")


def test_examples_are_of_the_type_that_they_explain() -> None:
    assert {kind().deserialize(example) is not None for kind, example in schemas.EXAMPLES.items()} == {True}


def test_check_fails_when_the_file_is_another(tmp_path: Path, matron: Matron) -> None:
    path = tmp_path / "openapi.json"
    assert matron("openapi", "--check", path)[0] == 1
    assert matron("openapi", "--write", path) == (0, f"wrote {path}\n", "")
    assert matron("openapi", "--check", path) == (0, "", "")


def test_routes_are_listed_one_a_line(matron: Matron) -> None:
    _code, out, _err = matron("routes")
    lines = [line.split() for line in out.splitlines()]
    assert len(lines) == len(ENTRIES) + 1
    assert ["POST", "/api/auth/login", "anyone", "auth.LogIn"] in lines
    assert ["GET", "/api/users/me", "any", "role", "auth.GetMe"] in lines
