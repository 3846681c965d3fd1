"""Each operation lists its possible refusals with their codes, and no others."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.documents import openapi, refusals, schemas
from gateway.service import GatewayService
from tests.guards.codes import documented
from tests.guards.house import ROOT

DOCUMENT = openapi.document(GatewayService)
ENTRIES = openapi.entries(GatewayService)


def test_operation_has_the_refusals_of_its_contract(odd: dict[str, Any]) -> None:
    responses = odd["paths"]["/api/odd/{thing}"]["post"]["responses"]
    assert responses["409"]["description"] == "Conflict: `too_odd`, `not_odd`."
    assert responses["503"]["description"].startswith("Unavailable: `odd_down`, `broker_down`, ")
    assert responses["404"] == {"$ref": "#/components/responses/NotFound"}


def test_operation_has_only_the_statuses_it_can_return(odd: dict[str, Any]) -> None:
    always = {"400", "401", "408", "414", "422", "429", "431", "500", "503", "504"}
    assert set(odd["paths"]["/api/odd"]["get"]["responses"]) == {"200", *always}
    tell = odd["paths"]["/api/odd/{thing}"]["post"]["responses"]
    assert set(tell) == {"202", "403", "404", "409", "413", "415", *always}
    amended = odd["paths"]["/api/odd/{id}"]["put"]["responses"]
    assert set(amended) == {"200", "403", "404", "412", "413", "415", *always}
    assert set(odd["paths"]["/api/odd/{id}"]["get"]["responses"]) == {"200", "304", "404", *always}


def test_refusal_lists_its_codes(odd: dict[str, Any]) -> None:
    responses = odd["paths"]["/api/odd/{thing}"]["post"]["responses"]
    media = responses["403"]["content"]["application/problem+json"]
    codes = ["role_missing", "mfa_setup_required", "address_not_verified"]
    assert media["schema"] == {"$ref": "#/components/schemas/TellOddOddForbiddenProblem"}
    general, own = odd["components"]["schemas"]["TellOddOddForbiddenProblem"]["allOf"]
    assert general == {"$ref": "#/components/schemas/Problem"}
    assert own["properties"]["code"] == {"type": "string", "enum": codes}
    assert own["properties"]["status"] == {"type": "integer", "enum": [403]}
    assert (media["example"]["code"], media["example"]["status"]) == ("role_missing", 403)


def test_references_have_no_neighbours(odd: dict[str, Any]) -> None:
    found = [path for made in (DOCUMENT, odd) for path in beside_references(made)]
    assert not found, f"{found}: generators of clients drop it; use allOf"


def beside_references(node: Any, path: str = "") -> Iterator[str]:
    """Yield the places where a `$ref` has a neighbour."""
    parts = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    if isinstance(node, dict) and isinstance(node.get("$ref"), str) and len(node) > 1:
        yield path
    for name, part in parts:
        yield from beside_references(part, f"{path}/{name}")


def test_shared_refusals_are_one_component(odd: dict[str, Any]) -> None:
    for name, (kind, codes) in refusals.SHARED.items():
        described = odd["components"]["responses"][name]["content"]["application/problem+json"]
        assert described["schema"] == {"$ref": f"#/components/schemas/{name}Problem"}
        assert refusals.shared(kind, codes[::-1]) == {"$ref": f"#/components/responses/{name}"}


def test_codes_are_all_documented() -> None:
    for entry in ENTRIES:
        for kind, codes in refusals.of(entry.contract, entry.method, entry.contract.schema().fields.values()).items():
            unknown = [code for code in codes if (kind.__name__, code) not in documented()]
            assert not unknown, f"{entry.method} {entry.url}: {kind.__name__} {unknown} is not in docs/errors.md"


def test_problem_schema_has_the_members_that_codes_name() -> None:
    named = set(re.findall(r"`([a-z_]+)` (?:says|is the present)", (ROOT / "docs" / "errors.md").read_text()))
    assert "state" in named
    assert named <= set(schemas.PROBLEM["properties"])


@pytest.mark.parametrize(
    ("errors", "is_right"),
    [
        ({"name": ["Length must be between 1 and 200."]}, True),
        ({"items": {"0": {"dose": {"unit": ["Missing data for required field."]}}}}, True),
        ({"name": "wrong"}, False),
        ({"name": [1]}, False),
        (["wrong"], False),
    ],
)
def test_messages_of_fields_have_a_schema(errors: Any, *, is_right: bool) -> None:
    assert Draft202012Validator(schemas.PROBLEM["properties"]["errors"]).is_valid(errors) is is_right


def test_too_many_requests_has_rate_limit_headers() -> None:
    assert {"Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= set(
        DOCUMENT["components"]["responses"]["TooMany"]["headers"]
    )


def test_if_match_is_described_only_for_revised_contracts(odd: dict[str, Any]) -> None:
    path = odd["paths"]["/api/odd/{id}"]
    assert {"$ref": "#/components/parameters/If-Match"} in path["put"]["parameters"]
    assert {"$ref": "#/components/parameters/If-None-Match"} in path["get"]["parameters"]
    assert path["get"]["responses"]["304"]["headers"]["ETag"]
    assert "content" not in path["get"]["responses"]["304"]
    plain = odd["paths"]["/api/odd"]["get"]["parameters"] + odd["paths"]["/api/odd/{thing}"]["post"]["parameters"]
    assert not [one for one in plain if "Match" in one.get("$ref", "")]
