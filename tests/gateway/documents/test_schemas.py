"""The schemas of bodies and replies are correct, and so are their examples."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from chassis import errors
from gateway.documents import choices, examples, openapi, schemas
from gateway.route import Entry
from gateway.service import GatewayService

DOCUMENT = openapi.document(GatewayService)
TEXT = openapi.as_text(DOCUMENT)
ENTRIES = openapi.entries(GatewayService)


def property_of(made: dict[str, Any], name: str) -> Any:
    return made["components"]["schemas"]["OddView"]["properties"][name]


def media(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each body, reply and refusal, with its place."""
    operations = [(path, one) for path, methods in made["paths"].items() for one in methods.values()]
    for path, one in operations:
        for name, content in {"body": one.get("requestBody", {}), **one["responses"]}.items():
            for found in content.get("content", {}).values():
                yield f"{one['operationId']} at {path}, {name}", found
    for name, content in made["components"]["responses"].items():
        for found in content["content"].values():
            yield name, found


def wrong(made: dict[str, Any], schema: dict[str, Any], example: Any) -> list[str]:
    """Return the errors of an example under its schema."""
    whole = {**schema, "components": made["components"]}
    checked = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in checked.iter_errors(example)]


def test_examples_all_match_their_schemas(odd: dict[str, Any]) -> None:
    for made in (DOCUMENT, odd):
        found = {place: wrong(made, one["schema"], one["example"]) for place, one in media(made)}
        mistakes = {place: texts for place, texts in found.items() if texts}
        assert not mistakes, f"{mistakes}: give the field metadata={{'example': ...}}"


def test_required_parameters_all_have_an_example() -> None:
    for methods in DOCUMENT["paths"].values():
        for one in (one for made in methods.values() for one in made["parameters"] if one.get("required")):
            assert wrong(DOCUMENT, one["schema"], one["example"]) == []


FILE = {"id": schemas.UUID, "name": "a.pdf", "media_type": "application/pdf", "size": 1, "sha256": "0" * 64}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: f"{one.method} {one.url}")
def test_example_of_a_request_is_accepted_by_its_command(entry: Entry) -> None:
    made = DOCUMENT["paths"][entry.url][entry.method.lower()]
    media = made.get("requestBody", {}).get("content", {})
    body = next((one["example"] for one in media.values()), {})
    if entry.form is not None and entry.form.file in body:
        body = {**body, entry.form.field: FILE}  # The gateway writes the facts of the file.
    given = {one["name"]: one["example"] for one in made["parameters"] if one.get("required")}
    payload = {**given, **body, **({entry.me: schemas.UUID} if entry.me else {})}
    mistakes = entry.contract.schema().validate(payload)
    assert not mistakes, f"{mistakes}: give these fields metadata={{'example': ...}}"


def test_field_may_have_its_own_example(odd: dict[str, Any]) -> None:
    body = odd["paths"]["/api/odd/{id}"]["put"]["requestBody"]["content"]["application/json"]
    assert (body["example"]["word"], body["schema"]["properties"]["word"]["examples"]) == ("odd", ["odd"])


def test_page_has_items_and_the_next_cursor() -> None:
    made = DOCUMENT["components"]["schemas"]["InvoiceViewPage"]
    assert made["properties"]["items"]["items"] == {"$ref": "#/components/schemas/InvoiceView"}
    assert made["properties"]["next"]["type"] == ["string", "null"]
    assert made["required"] == ["items", "next"]


def test_reply_requires_all_fields_and_allows_more() -> None:
    made = DOCUMENT["components"]["schemas"]["AppointmentView"]
    assert made["required"] == sorted(made["properties"])
    assert "additionalProperties" not in made


def test_request_view_refuses_unknown_fields() -> None:
    made = DOCUMENT["components"]["schemas"]["PrescriptionItemView"]
    assert made["additionalProperties"] is False
    assert "refills" not in made["required"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("colour", {"type": "string", "enum": ["red", "blue"]}),
        ("level", {"type": ["integer", "null"], "enum": [1, None]}),
        ("price", {"type": "string", "format": "decimal"}),
        ("share", {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        ("anything", {}),
        ("whole", {"$ref": "#/components/schemas/PartView"}),
        ("spoken", {"type": "string", "description": "A moment in words."}),
        ("page", {"type": "string", "format": "uri"}),
    ],
)
def test_errors_of_apispec_are_corrected(odd: dict[str, Any], name: str, expected: object) -> None:
    assert property_of(odd, name) == expected


def listed(node: Any) -> Iterator[tuple[str, ...]]:
    """Yield each list of values in a part of the document."""
    if isinstance(node, dict) and isinstance(node.get("enum"), list) and node.get("type") == "string":
        yield tuple(sorted(node["enum"]))
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for part in parts:
        yield from listed(part)


def test_sets_of_values_are_listed_once() -> None:
    views = {name: one for name, one in DOCUMENT["components"]["schemas"].items() if not name.endswith("Problem")}
    found = Counter(listed([DOCUMENT["paths"], views]))
    twice = [values for values, times in found.items() if times > 1 < len(values)]
    assert not twice, f"{twice}: name a view with them in gateway/documents/choices.py"


@pytest.mark.parametrize("name", [*choices.MEMBERS, *choices.PARAMETERS])
def test_named_set_of_values_is_a_used_component(name: str) -> None:
    assert DOCUMENT["components"]["schemas"][name]["type"] == "string"
    assert TEXT.count(f'"#/components/schemas/{name}"') >= 1


def test_named_choice_may_be_null_or_have_a_default() -> None:
    views = DOCUMENT["components"]["schemas"]
    assert views["PatientView"]["properties"]["blood_group"] == {
        "anyOf": [{"$ref": "#/components/schemas/BloodGroup"}, {"type": "null"}]
    }
    [status] = [
        one for one in DOCUMENT["paths"]["/api/admin/shift-swaps"]["get"]["parameters"] if one["name"] == "status"
    ]
    assert status["schema"] == {"allOf": [{"$ref": "#/components/schemas/SwapStatus"}], "default": "accepted"}


def test_reply_with_alternatives_uses_one_of() -> None:
    signed_in = DOCUMENT["components"]["schemas"]["SignInView"]
    assert [one["$ref"].rpartition("/")[2] for one in signed_in["oneOf"]] == ["TokensView", "SecondStepView"]
    for reply, expected in (({"mfa_token": "x", "expires_in": 300}, []), ({"mfa_token": "x"}, 1), ({}, 1)):
        mistakes = wrong(DOCUMENT, signed_in, reply)
        assert mistakes == expected or len(mistakes) == expected


def test_descriptions_name_no_error_class() -> None:
    descriptions = [one.get("description", "") for path in DOCUMENT["paths"].values() for one in path.values()]
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.MatronError)]
    names = "|".join(kind.__name__ for kind in kinds)
    assert [text for text in descriptions if re.search(rf"\b({names})\b|facts", text)] == []
    login = DOCUMENT["paths"]["/api/auth/login"]["post"]["responses"]["401"]["description"]
    assert "`login_failed`" in login


def test_example_of_booking_is_a_usual_request() -> None:
    body = DOCUMENT["paths"]["/api/patient/book-appointment"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"].keys().isdisjoint(examples.SELDOM)
    assert set(body["example"]) >= {"doctor_id", "starts_at"}


def test_examples_contain_no_placeholder() -> None:
    assert f'"{examples.WORDS}"' not in TEXT, "give the field an example, or examples.NAMED its name"


def test_shortened_view_has_only_its_remaining_fields(odd: dict[str, Any]) -> None:
    assert set(property_of(odd, "part")["properties"]) == {"id"}
    assert set(property_of(odd, "parts")["items"]["properties"]) == {"id"}


def test_optional_members_are_not_required(odd: dict[str, Any]) -> None:
    assert odd["components"]["schemas"]["RevisedView"]["required"] == ["id", "revision"]


def test_pattern_ends_as_in_json_schema(odd: dict[str, Any]) -> None:
    body = odd["paths"]["/api/odd/{id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["word"]["pattern"] == "^[a-z]+$"
    assert "enum" not in body["properties"]["zone"]


def test_query_parameter_is_never_null(odd: dict[str, Any]) -> None:
    by_name = {one["name"]: one for one in odd["paths"]["/api/odd"]["get"]["parameters"]}
    assert by_name["colour"]["schema"] == {"type": "string", "enum": ["red", "blue"]}
    assert by_name["limit"]["schema"] == {"type": "integer", "default": 20}


def test_example_id_is_the_same_for_one_kind_of_record() -> None:
    visit = DOCUMENT["paths"]["/api/staff/appointments"]["post"]["responses"]["201"]
    made = visit["content"]["application/json"]["example"]
    assert len({made["id"], made["doctor_id"], made["patient_id"]}) == 3
    read = DOCUMENT["paths"]["/api/staff/appointments/{appointment_id}"]["get"]["parameters"]
    assert [one["example"] for one in read if one.get("in") == "path"] == [made["id"]]
    invoice = DOCUMENT["components"]["schemas"]["InvoiceView"]["properties"]
    assert invoice["appointment_id"]["examples"] == [made["id"]]


def test_examples_have_the_type_of_their_schema() -> None:
    assert {kind().deserialize(example) is not None for kind, example in schemas.EXAMPLES.items()} == {True}


def test_date_or_time_parameter_has_both_formats() -> None:
    [slots] = [one["get"] for path, one in DOCUMENT["paths"].items() if path.endswith("/slots")]
    found = {one["name"]: one["schema"] for one in slots["parameters"] if one.get("name") in ("from", "to")}
    formats = [{"format": "date", "type": "string"}, {"format": "date-time", "type": "string"}]
    assert found == {name: {"anyOf": formats} for name in ("from", "to")}
