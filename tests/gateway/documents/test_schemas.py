"""Bodies and replies are described as they are, with examples that are right."""

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
ENTRIES = openapi.entries(GatewayService)


def property_of(made: dict[str, Any], name: str) -> Any:
    return made["components"]["schemas"]["OddView"]["properties"][name]


def media(made: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every body, reply and refusal, each with the place where it stands."""
    operations = [(path, one) for path, methods in made["paths"].items() for one in methods.values()]
    for path, one in operations:
        for name, content in {"body": one.get("requestBody", {}), **one["responses"]}.items():
            for found in content.get("content", {}).values():
                yield f"{one['operationId']} at {path}, {name}", found
    for name, content in made["components"]["responses"].items():
        for found in content["content"].values():
            yield name, found


def wrong(made: dict[str, Any], schema: dict[str, Any], example: Any) -> list[str]:
    """What is wrong with an example, by the schema that it explains."""
    whole = {**schema, "components": made["components"]}
    checked = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in checked.iter_errors(example)]


def test_every_body_and_reply_has_an_example_that_its_schema_allows(odd: dict[str, Any]) -> None:
    for made in (DOCUMENT, odd):
        found = {place: wrong(made, one["schema"], one["example"]) for place, one in media(made)}
        mistakes = {place: told for place, told in found.items() if told}
        assert not mistakes, f"{mistakes}: give the field metadata={{'example': ...}}"


def test_every_parameter_that_must_be_given_has_an_example() -> None:
    for methods in DOCUMENT["paths"].values():
        for one in (one for made in methods.values() for one in made["parameters"] if one.get("required")):
            assert wrong(DOCUMENT, one["schema"], one["example"]) == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda one: f"{one.method} {one.url}")
def test_the_example_of_a_request_is_one_that_its_command_takes(entry: Entry) -> None:
    made = DOCUMENT["paths"][entry.url][entry.method.lower()]
    body = made.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example", {})
    given = {one["name"]: one["example"] for one in made["parameters"] if one.get("required")}
    payload = {**given, **body, **({entry.me: schemas.UUID} if entry.me else {})}
    mistakes = entry.contract.schema().validate(payload)
    assert not mistakes, f"{mistakes}: give these fields metadata={{'example': ...}}"


def test_a_field_may_name_its_own_example(odd: dict[str, Any]) -> None:
    body = odd["paths"]["/api/odd/{id}"]["put"]["requestBody"]["content"]["application/json"]
    assert (body["example"]["word"], body["schema"]["properties"]["word"]["examples"]) == ("odd", ["odd"])


def test_a_page_has_items_and_the_next_cursor() -> None:
    made = DOCUMENT["components"]["schemas"]["AppointmentViewPage"]
    assert made["properties"]["items"]["items"] == {"$ref": "#/components/schemas/AppointmentView"}
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


def listed(node: Any) -> Iterator[tuple[str, ...]]:
    """Every list of values within a schema, or whatever else of the document."""
    if isinstance(node, dict) and isinstance(node.get("enum"), list) and node.get("type") == "string":
        yield tuple(sorted(node["enum"]))
    parts = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for part in parts:
        yield from listed(part)


def test_the_same_values_are_listed_once() -> None:
    views = {name: one for name, one in DOCUMENT["components"]["schemas"].items() if not name.endswith("Problem")}
    found = Counter(listed([DOCUMENT["paths"], views]))
    twice = [values for values, times in found.items() if times > 1 < len(values)]
    assert not twice, f"{twice}: name a place that has them in gateway/documents/choices.py"


@pytest.mark.parametrize("name", [*choices.PLACES, *choices.ASKED])
def test_a_name_of_values_is_a_component_that_others_refer_to(name: str) -> None:
    assert DOCUMENT["components"]["schemas"][name]["type"] == "string"
    assert openapi.as_text(DOCUMENT).count(f'"#/components/schemas/{name}"') >= 1


def test_a_choice_may_be_null_or_have_a_default_and_still_has_its_name() -> None:
    views = DOCUMENT["components"]["schemas"]
    assert views["PatientView"]["properties"]["blood_group"] == {
        "anyOf": [{"$ref": "#/components/schemas/BloodGroup"}, {"type": "null"}]
    }
    [status] = [
        one for one in DOCUMENT["paths"]["/api/admin/shift-swaps"]["get"]["parameters"] if one["name"] == "status"
    ]
    assert status["schema"] == {"allOf": [{"$ref": "#/components/schemas/SwapStatus"}], "default": "accepted"}


def test_a_reply_that_is_one_of_two_says_so() -> None:
    signed_in = DOCUMENT["components"]["schemas"]["SignInView"]
    assert [one["$ref"].rpartition("/")[2] for one in signed_in["oneOf"]] == ["TokensView", "SecondStepView"]
    for reply, expected in (({"mfa_token": "x", "expires_in": 300}, []), ({"mfa_token": "x"}, 1), ({}, 1)):
        told = wrong(DOCUMENT, signed_in, reply)
        assert told == expected or len(told) == expected


def test_a_description_is_for_clients_and_names_no_class_of_ours() -> None:
    told = [one.get("description", "") for path in DOCUMENT["paths"].values() for one in path.values()]
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.MatronError)]
    names = "|".join(kind.__name__ for kind in kinds)
    assert [text for text in told if re.search(rf"\b({names})\b|facts", text)] == []
    login = DOCUMENT["paths"]["/api/auth/login"]["post"]["responses"]["401"]["description"]
    assert "`login_failed`" in login


def test_examples_are_of_the_usual_request() -> None:
    body = DOCUMENT["paths"]["/api/patient/book-appointment"]["post"]["requestBody"]["content"]["application/json"]
    assert body["example"].keys().isdisjoint(examples.SELDOM)
    assert set(body["example"]) >= {"doctor_id", "starts_at"}


def test_no_example_is_made_of_filling_words() -> None:
    assert f'"{examples.WORDS}"' not in openapi.as_text(DOCUMENT), (
        "give the field an example, or schemas.NAMED its name"
    )


def test_a_view_that_is_cut_down_has_only_the_fields_that_are_left(odd: dict[str, Any]) -> None:
    assert set(property_of(odd, "part")["properties"]) == {"id"}
    assert set(property_of(odd, "parts")["items"]["properties"]) == {"id"}


def test_members_that_are_not_always_there_are_not_required(odd: dict[str, Any]) -> None:
    assert odd["components"]["schemas"]["RevisedView"]["required"] == ["id", "revision"]


def test_the_end_of_a_pattern_is_that_of_json_schema(odd: dict[str, Any]) -> None:
    body = odd["paths"]["/api/odd/{id}"]["put"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["word"]["pattern"] == "^[a-z]+$"
    assert "enum" not in body["properties"]["zone"]


def test_a_query_parameter_is_left_out_and_never_null(odd: dict[str, Any]) -> None:
    by_name = {one["name"]: one for one in odd["paths"]["/api/odd"]["get"]["parameters"]}
    assert by_name["colour"]["schema"] == {"type": "string", "enum": ["red", "blue"]}
    assert by_name["limit"]["schema"] == {"type": "integer", "default": 20}


def test_an_id_of_an_example_is_that_of_one_kind_of_record() -> None:
    visit = DOCUMENT["paths"]["/api/staff/appointments"]["post"]["responses"]["201"]
    made = visit["content"]["application/json"]["example"]
    assert len({made["id"], made["doctor_id"], made["patient_id"]}) == 3
    read = DOCUMENT["paths"]["/api/staff/appointments/{appointment_id}"]["get"]["parameters"]
    assert [one["example"] for one in read if one.get("in") == "path"] == [made["id"]]
    invoice = DOCUMENT["components"]["schemas"]["InvoiceView"]["properties"]
    assert invoice["appointment_id"]["examples"] == [made["id"]]


def test_examples_are_of_the_type_that_they_explain() -> None:
    assert {kind().deserialize(example) is not None for kind, example in schemas.EXAMPLES.items()} == {True}


def test_days_or_moments_of_a_query_have_both_formats() -> None:
    [slots] = [one["get"] for path, one in DOCUMENT["paths"].items() if path.endswith("/slots")]
    found = {one["name"]: one["schema"] for one in slots["parameters"] if one.get("name") in ("from", "to")}
    formats = [{"format": "date", "type": "string"}, {"format": "date-time", "type": "string"}]
    assert found == {name: {"anyOf": formats} for name in ("from", "to")}
