"""The OpenAPI document for schemathesis, the callers, and the checks of each reply.

`SCHEMATHESIS=long` tries many more requests, and different ones each time.
"""

import json
import os
import re
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from jsonschema import Draft202012Validator
from schemathesis import BaseSchema, Case, CheckContext, Response
from schemathesis.checks import negative_data_rejection

from contracts.roles import Role
from gateway.documents import openapi
from gateway.service import GatewayService

LONG = os.environ.get("SCHEMATHESIS") == "long"
DOCUMENT: dict[str, Any] = json.loads(openapi.as_text(openapi.document(GatewayService)))
NOBODY = "nobody"
WHO = (NOBODY, *(role.value for role in Role))
GOOD_DATA = ["2xx", "3xx", "401", "403", "404", "409", "412", "422", "429"]
"""Statuses for good data: a schema cannot express stale, late or common. See `good_data_is_well_formed`."""
BAD_DATA = ["400", "401", "403", "404", "405", "409", "412", "415", "422", "429"]
"""Statuses for bad data. Schemathesis itself would also allow 5xx."""
HIDDEN = re.compile(r"Contains the invisible character U\+[0-9A-F]{4,6}\.")
"""The message for a character that a pattern could exclude only by a long list."""
BEYOND_A_SCHEMA = frozenset(
    {
        "A doctor states it.",
        "A strength has a value and a unit.",
        "Must not be before `from`.",
        "Name at least one change: an amount, a name or a tax.",
        "Name either an amount or a percentage.",
        "Belongs to results without an order, which require it.",
        "Must be above `low`.",
        "Must be in the future, within a year.",
        "Must not name a test twice.",
        "Name either an order, or a patient for results of an outside laboratory.",
        "State at least one limit.",
        "Give at least one value.",
        "Must be above `diastolic`.",
        "Must not be more than 90 days ago.",
        "A mistake has its own request, `enter-in-error`.",
        "Must not be before the onset.",
        "Must not be in the future.",
        "Not allowed with `no_known_allergies`.",
        "Only a resolved condition has this date.",
        "Required without `no_known_allergies`.",
        "Requires a change of another field.",
        "Must not be more than 130 years ago.",
        "Is blank, or contains a control character.",
        "Must be a single visible line without blanks around it.",
        "Must contain a visible character.",
        "Must be a single line with a visible character.",
        "Must fit between `from` and `to`.",
        "Must not be earlier than `from`.",
        "Must be later than `starts_at`.",
        "Must differ from `from`.",
        "Must not be earlier than `valid_from`.",
        "Cannot be combined with other changes.",
        "Allowed only with `status`.",
        "Neither a date nor a time with its zone.",
        "Must be a valid record number.",
        "A medicine needs a unit, and a device a serial number.",
        "Does not belong to this kind of item.",
        "A device counts as 1.",
        "Must be positive, except for `adjust`.",
        "Must not be 0.",
        "Required for a medicine.",
        "Required for a new batch.",
        "Required for `transfer`, and only for it.",
        "Too far from today.",
        "Allowed only with `overbook_reason`.",
    }
)
"""Messages of rules about several fields, the present day, a check digit, or blanks that JSON Schema does not know."""
CLOSE_PHASES = ("examples", "coverage")
"""The tries that do not depend on the caller: the documented examples, and each limit of each field."""
ENDS_PEOPLE = {"erase_user", "update_user", "assign_roles"}
"""Operations left out when links are followed: they would end the accounts of the test."""


@schemathesis.check
def good_data_is_well_formed(_context: CheckContext, response: Response, case: Case) -> None:
    """Good data may be refused with a code of its own, but not as `invalid` against the schema."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code != 422:
        return
    problem = response.json()
    found = {text for text in _messages(problem.get("errors", {})) - BEYOND_A_SCHEMA if not HIDDEN.fullmatch(text)}
    assert not found or problem["code"] != "invalid", f"the schema allows refused data: {problem['errors']}"


@schemathesis.check
def bad_data_is_refused(context: CheckContext, response: Response, case: Case) -> None:
    """Schemathesis's own check, except for numbers and booleans that marshmallow converts: 2.5 to 2, 0 to false."""
    operation = DOCUMENT["paths"][case.operation.path][case.operation.method.lower()]
    media = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if media is None or not isinstance(case.body, dict) or not _is_taken(case.body, media["schema"]):
        negative_data_rejection(context, response, case)


def _is_taken(body: dict[str, Any], schema: dict[str, Any]) -> bool:
    read = _read(body, schema)
    return json.dumps(read) != json.dumps(body) and Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}
    ).is_valid(read)


def _read(value: Any, schema: dict[str, Any]) -> Any:
    """Return a value as marshmallow converts it."""
    schema = DOCUMENT["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, dict):
        return {name: _read(part, schema.get("properties", {}).get(name, {})) for name, part in value.items()}
    if isinstance(value, list):
        return [_read(part, schema.get("items", {})) for part in value]
    if "integer" in schema.get("type", ()) and isinstance(value, float):
        return int(value)
    return bool(value) if "boolean" in schema.get("type", ()) and value in (0, 1) else value


def _messages(errors: Any) -> set[str]:
    """Return all messages of nested errors."""
    parts = errors.values() if isinstance(errors, dict) else errors if isinstance(errors, list) else ()
    return {errors} if isinstance(errors, str) else {message for part in parts for message in _messages(part)}


def operations_of(who: str, *, examples: int) -> BaseSchema:
    """Return the operations that a role may call, with the number of examples; without a token, all operations.

    Only one role of an operation has the close phases.
    """
    closely = [one["operationId"] for one in _operations(DOCUMENT) if LONG or _first(one["x-roles"]) == who]
    close = {"include-operation-id": closely, "phases": {name: {"enabled": True} for name in CLOSE_PHASES}}
    chosen: dict[str, Any] = {
        "seed": 1,
        "generation": {
            "deterministic": not LONG,
            "max-examples": examples,
            "database": "none",
            "allow-x00": False,  # No text may contain NUL, and a schema cannot express that.
            "with-security-parameters": who == NOBODY,
        },
        "phases": {name: {"enabled": False} for name in CLOSE_PHASES},
        # A single entry: schemathesis compares an operation with every entry, each time that it reads a setting.
        "operations": [close] if closely else [],
        "checks": _checks(),
    }
    whole = schemathesis.openapi.from_dict(DOCUMENT, config=schemathesis.Config.from_dict(chosen))
    # Not `include`: schemathesis includes what any of its filters matches, and the configuration matches everything.
    return whole.exclude(func=lambda context: not _may(who, context.operation.definition.raw))


def links_of(who: str) -> BaseSchema:
    """Return a document of the operations that a role may call without ending its account, with their links."""
    document = json.loads(json.dumps(DOCUMENT))
    kept = {one["operationId"] for one in _operations(document) if _may(who, one)} - ENDS_PEOPLE
    for path in document["paths"].values():
        for method in [name for name, one in path.items() if one["operationId"] not in kept]:
            del path[method]
        for response in [response for one in path.values() for response in one["responses"].values()]:
            response["links"] = {name: link for name, link in response.get("links", {}).items() if name in kept}
    document["paths"] = {url: path for url, path in document["paths"].items() if path}
    chosen = {"generation": {"allow-x00": False, "with-security-parameters": False}, "checks": _checks()}
    return schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(chosen))


def _may(who: str, operation: dict[str, Any]) -> bool:
    return who == NOBODY or who in operation["x-roles"]


def _checks() -> dict[str, Any]:
    return {
        "positive_data_acceptance": {"expected-statuses": GOOD_DATA},
        "negative_data_rejection": {"enabled": False, "expected-statuses": BAD_DATA},
    }


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def roles_by_operation() -> dict[str, list[str]]:
    """Return the roles that may call each operation, by its id."""
    return {one["operationId"]: one["x-roles"] for one in _operations(DOCUMENT)}


def _first(roles: list[str]) -> str:
    return max(roles, default=NOBODY)


def link_settings(examples: int, steps: int) -> settings:
    """Return the settings for following links: always the same examples, so that a failure is reproducible."""
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        derandomize=not LONG,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],  # Shrinking a failure takes more time than it is worth.
    )
