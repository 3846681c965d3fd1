"""The OpenAPI document matches routes and contracts."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from marshmallow import fields
from openapi_spec_validator import OpenAPIV31SpecValidator

from chassis.contract import View
from gateway.documents import openapi, programs
from gateway.documents.tags import Tag
from gateway.route import Entry, route
from gateway.service import GatewayService
from tests.gateway.documents.odd import ODD_TAGS, FindOdd, Odd

COMMITTED = Path(__file__).parents[3] / "docs" / "openapi.json"
DOCUMENT = openapi.document(GatewayService)
ENTRIES = openapi.entries(GatewayService)


def operation(method: str, url: str) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][url][method.lower()]
    return found


JSON_PARTS = {entry.form.data for entry in openapi.entries(GatewayService) if entry.form}
"""Parts of forms that contain the fields as JSON."""


def fields_of(made: dict[str, Any]) -> set[str]:
    """Return the fields of a request: parameters without headers, and members of the body."""
    media = made.get("requestBody", {}).get("content", {}).values()
    members = {name for one in media for name in one["schema"].get("properties", ())}
    return {one["name"] for one in made["parameters"] if "name" in one} | members - JSON_PARTS


def test_document_is_valid_openapi_3_1(odd: dict[str, Any]) -> None:
    for made in (DOCUMENT, odd):
        assert list(OpenAPIV31SpecValidator(json.loads(openapi.as_text(made))).iter_errors()) == []


def test_committed_document_matches_the_code() -> None:
    assert COMMITTED.read_text("utf-8") == openapi.as_text(DOCUMENT), "run `make docs`"


def test_document_is_the_same_in_every_process() -> None:
    command = [sys.executable, "-m", "matron", "openapi"]
    made = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in ("1", "2")
    ]
    assert made[0] == made[1] == openapi.as_text(DOCUMENT).encode()


def test_document_has_every_route_with_its_roles() -> None:
    for entry in ENTRIES:
        made = operation(entry.method, entry.url)
        assert made["x-roles"] == sorted(entry.roles)
        assert bool(made["security"]) is bool(entry.roles)
        assert ("anyone" if not entry.roles else ", ".join(sorted(entry.roles))) in made["description"]
        assert str(entry.status) in made["responses"]
    assert len(ENTRIES) + len(programs.PATHS) == sum(map(len, DOCUMENT["paths"].values()))


def test_fields_are_all_described_except_the_callers_own_id() -> None:
    for entry in ENTRIES:
        declared = entry.contract.schema().fields.items()
        names = {field.data_key or name for name, field in declared if is_for_some(field, entry)}
        assert fields_of(operation(entry.method, entry.url)) == names - {entry.me}, entry.url


def is_for_some(field: fields.Field[Any], entry: Entry) -> bool:
    """Whether a role of a route may use a field."""
    return "roles" not in field.metadata or bool(entry.roles & field.metadata["roles"])


@pytest.mark.parametrize("area", ["patient", "doctors", "staff"])
def test_desk_fields_are_described_only_for_the_desk(area: str) -> None:
    book = "/api/patient/book-appointment" if area == "patient" else f"/api/{area}/appointments"
    move = f"/api/{area}/appointments/{{appointment_id}}/reschedule"
    offered = [fields_of(operation("POST", url)) & {"overbook_reason", "minutes"} for url in (book, move)]
    assert [bool(names) for names in offered] == [area == "staff"] * 2


def test_parameters_all_have_a_description() -> None:
    mute = {
        f"{one['name']} of {url}: give the contract's field metadata={{'description': ...}}"
        for url, methods in DOCUMENT["paths"].items()
        for made in methods.values()
        for one in made["parameters"]
        if "name" in one and not one.get("description")
    }
    assert mute == set()


def test_document_explains_ignored_keys_and_personal_etags() -> None:
    assert "An operation supports keys if" in DOCUMENT["info"]["description"]
    assert "/api/users/me" in DOCUMENT["components"]["headers"]["ETag"]["description"]
    assert "another account" in DOCUMENT["components"]["parameters"]["If-Match"]["description"]


@pytest.mark.parametrize("url", ["/openapi.json", "/asyncapi.json"])
def test_document_route_has_an_etag_and_304(url: str) -> None:
    made = operation("GET", url)
    assert {"$ref": "#/components/parameters/If-None-Match"} in made["parameters"]
    assert all("ETag" in made["responses"][status]["headers"] for status in ("200", "304"))


def test_operation_ids_are_unique() -> None:
    names = [made["operationId"] for path in DOCUMENT["paths"].values() for made in path.values()]
    assert len(names) == len(set(names))


def test_command_with_several_routes_has_an_operation_id_for_each(odd: dict[str, Any]) -> None:
    paths = odd["paths"]
    assert paths["/api/odd/{thing}"]["post"]["operationId"] == "tell_odd_odd"
    assert paths["/api/staff/odd"]["put"]["operationId"] == "tell_odd_staff"


def test_views_are_refused_when_two_have_one_name() -> None:
    other = type("PartView", (View,), {"id": fields.UUID(), "__doc__": "Another."})
    command = type("FindOther", (FindOdd,), {"returns": other, "__doc__": "Find."})
    gateway = type("Two", (Odd,), {"other": route("GET", "/api/other", command)})
    with pytest.raises(TypeError, match="two views are called PartView"):
        openapi.document(gateway, {**ODD_TAGS, __name__: Tag.SYSTEM})


def test_id_of_a_reply_links_to_operations_that_take_it(odd: dict[str, Any]) -> None:
    replied = odd["paths"]["/api/odd/{id}"]["put"]["responses"]["200"]
    assert replied["links"] == {
        "list_of_revised": {"operationId": "list_of_revised", "parameters": {"revised_id": "$response.body#/id"}}
    }
    page = odd["paths"]["/api/revised/{revised_id}"]["get"]["responses"]["200"]
    parameters = {"revised_id": "$response.body#/items/0/id"}
    assert page["links"]["list_of_revised"]["parameters"] == parameters


@pytest.mark.parametrize(("role", "target"), [("patient", "cancel_appointment_patient"), ("doctors", "start_visit")])
def test_list_of_appointments_links_to_their_operations(role: str, target: str) -> None:
    links = operation("GET", f"/api/{role}/appointments")["responses"]["200"]["links"]
    assert links[target]["parameters"] == {"appointment_id": "$response.body#/items/0/id"}


def test_idempotency_key_is_described_only_for_keyed_commands() -> None:
    key = {"$ref": "#/components/parameters/Idempotency-Key"}
    assert key in operation("POST", "/api/patient/book-appointment")["parameters"]
    assert key not in operation("POST", "/api/auth/login")["parameters"]
    assert key not in operation("GET", "/api/patient/invoices")["parameters"]


def test_summary_is_the_first_sentence_and_description_the_rest(odd: dict[str, Any]) -> None:
    made = odd["paths"]["/api/odd/{thing}"]["post"]
    assert made["summary"] == "Say something odd"
    assert made["description"] == "Then stop.\n\nRoles: admin. The account's e-mail address must be verified."
