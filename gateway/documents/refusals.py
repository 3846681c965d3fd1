"""The refusals of a route, by kind and code: those of its contract, and those of every similar route.

The schema of a response lists its codes, so that a test of the running system finds a code that no contract lists.
"""

from collections.abc import Iterable

from marshmallow import fields

from chassis import errors
from chassis import refusals as general
from chassis.contract import Command
from chassis.errors import MatronError
from chassis.refusals import Refusal
from gateway import problems
from gateway.documents import schemas
from gateway.documents.objects import Json, Media, Response, Schema

PROBLEM = "#/components/schemas/Problem"
Codes = dict[type[MatronError], list[str]]
"""The codes of each kind."""


def by_kind(*refusals: Refusal[MatronError]) -> Codes:
    """Return the codes of refusals by kind, in this order."""
    found: Codes = {}
    for kind, code in dict.fromkeys((refusal.kind, refusal.code) for refusal in refusals):
        found.setdefault(kind, []).append(code)
    return found


ALWAYS = by_kind(
    problems.BAD_HEAD,
    problems.BAD_LENGTH,
    problems.BAD_QUERY,
    problems.REQUEST_TIMEOUT,
    problems.LINE_TOO_LONG,
    problems.HEAD_TOO_LARGE,
    general.TOKEN_MISSING,
    general.TOKEN_INVALID,
    general.TOKEN_EXPIRED,
    general.SESSION_ENDED,
    general.WRONG_FIELDS,
    problems.RATE_LIMITED,
    general.INTERNAL,
    general.BROKER_DOWN,
    problems.SERVICE_DOWN,
    general.DATABASE_DOWN,
    general.DATABASE_BUSY,
    general.STARTING,
    general.NO_ANSWER,
)
WITH_BODY = by_kind(
    problems.BAD_JSON,
    problems.BODY_BROKEN,
    problems.BODY_TOO_LARGE,
    problems.NOT_JSON,
    problems.BODY_ENCODED,
    general.BUSY,
)
"""Also for routes without body fields: the gateway reads a body there, and then refuses it."""
USUAL: Codes = {
    **ALWAYS,
    **WITH_BODY,
    **{kind: ALWAYS[kind] + WITH_BODY[kind] for kind in (problems.BadRequest, errors.Unavailable)},
    **by_kind(general.ROLE_MISSING, general.MFA_SETUP_REQUIRED, general.NOT_FOUND, general.STALE),
}
"""Codes that most routes share."""
SHARED: dict[str, tuple[type[MatronError], list[str]]] = {
    **{kind.__name__: (kind, codes) for kind, codes in USUAL.items()},
    "ReadBadRequest": (problems.BadRequest, ALWAYS[problems.BadRequest]),
    "RevisedBadRequest": (
        problems.BadRequest,
        [*ALWAYS[problems.BadRequest], "bad_if_match", *WITH_BODY[problems.BadRequest]],
    ),
    "StrangersUnauthenticated": (errors.Unauthenticated, ALWAYS[errors.Unauthenticated][1:]),
    "PageInvalid": (errors.Invalid, ["invalid", "bad_cursor"]),
    "WriteInvalid": (errors.Invalid, ["invalid", "bad_key", "key_reused"]),
    "UnkeyedInvalid": (errors.Invalid, ["invalid", "bad_key"]),
    "ReadUnavailable": (errors.Unavailable, ALWAYS[errors.Unavailable]),
}
"""Responses that many routes share. Each is a component, so that generated clients have one type for it."""

DETAILS: dict[type[MatronError], str] = {
    problems.BadRequest: "The request cannot be read.",
    problems.TimedOut: "The request did not arrive in time.",
    problems.TooLarge: "A body has at most 1024 KiB here.",
    problems.UnsupportedMedia: "Send the body as application/json.",
    problems.LineTooLong: "The first line of a request has at most 16 KiB.",
    problems.HeadTooLarge: "A request has at most 100 headers, of 16 KiB each and 64 KiB in all.",
    errors.Invalid: "Some fields are missing or wrong.",
    errors.Unauthenticated: "Sign in first.",
    errors.Forbidden: "Your roles do not allow this.",
    errors.NotFound: "There is no such record.",
    errors.Conflict: "The state of the record does not allow this.",
    errors.Stale: "The record has changed. Read it again.",
    errors.TooMany: "Too many requests. Wait a moment.",
    errors.Internal: "Something went wrong in the hospital's system. Quote the request id when you report it.",
    errors.Unavailable: "A part of the system is down.",
    errors.NoAnswer: "No answer arrived in time. Repeating a write with the same Idempotency-Key is safe.",
}
"""Details for the examples."""


def of(
    contract: type[Command],
    method: str,
    asked: Iterable[fields.Field[object]],
    more: Iterable[Refusal[MatronError]] = (),
) -> Codes:
    """Return all refusals of a route with these fields: first those of its contract, then those of similar routes.

    `more` are refusals of this route alone.
    """
    found = by_kind(*contract.refuses, *more)
    parts = [_by_right(contract), ALWAYS, _by_fields(contract, asked), {} if method == "GET" else WITH_BODY]
    if not contract.reads:
        parts.append({errors.Invalid: ["bad_key", *(["key_reused"] if contract.keyed else [])]})
    for part in parts:
        for kind, codes in part.items():
            known = found.setdefault(kind, [])
            known.extend(code for code in codes if code not in known)
    if not contract.roles:
        found[errors.Unauthenticated].remove("token_missing")
    return found


def _by_right(contract: type[Command]) -> Codes:
    """Return the refusals of a caller without the right to call the contract."""
    refused = [general.ROLE_MISSING] if contract.roles else []
    if contract.roles and not contract.enrolling:
        refused.append(general.MFA_SETUP_REQUIRED)
    if contract.verified:
        refused.append(general.ADDRESS_NOT_VERIFIED)
    return by_kind(*refused)


def _by_fields(contract: type[Command], asked: Iterable[fields.Field[object]]) -> Codes:
    """Return the refusals that follow from fields: ids, a cursor or a revision."""
    asked, refused = list(asked), list[Refusal[MatronError]]()
    if any(isinstance(field, fields.UUID) for field in asked):
        refused.append(general.NOT_FOUND)
    if any(field.name == "cursor" for field in asked):
        refused.append(general.BAD_CURSOR)
    if contract.revised:
        refused += [general.STALE, problems.BAD_IF_MATCH]
    return by_kind(*refused)


def shared(kind: type[MatronError], codes: list[str]) -> Response | None:
    """Return a reference to the shared response with exactly these codes. None: no response is shared."""
    names = (name for name, (of_kind, shared) in SHARED.items() if of_kind is kind and set(shared) == set(codes))
    return next((Response({"$ref": f"#/components/responses/{name}"}) for name in names), None)


def schema(kind: type[MatronError], codes: list[str]) -> Schema:
    """Return the schema of one kind of problem: the general schema, with the status and the codes of the kind.

    It uses `allOf`, since client generators ignore the neighbours of a `$ref`.
    """
    own: dict[str, Schema] = {"code": {"type": "string", "enum": [*codes]}} if codes else {}
    own["status"] = {"type": "integer", "enum": [kind.status]}
    return {"allOf": [{"$ref": PROBLEM}, {"type": "object", "required": sorted(own), "properties": own}]}


def response(kind: type[MatronError], codes: list[str], name: str) -> Response:
    """Return the response of one kind. Its schema is the component `name`."""
    named = ", ".join(f"`{code}`" for code in codes)
    media: Media = {"schema": {"$ref": f"#/components/schemas/{name}"}, "example": _example(kind, codes)}
    return {
        "description": f"{kind.title}: {named}." if named else f"{kind.title}.",
        "headers": schemas.headers(*_headers(kind)),
        "content": {problems.CONTENT_TYPE: media},
    }


def _headers(kind: type[MatronError]) -> list[str]:
    later = ["Retry-After"] if kind in (errors.TooMany, errors.Unavailable) else []
    limits = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"] if kind is errors.TooMany else []
    return later + limits + (["WWW-Authenticate"] if kind is errors.Unauthenticated else [])


def _example(kind: type[MatronError], codes: list[str]) -> dict[str, Json]:
    code = codes[0] if codes else "not_found"
    made: dict[str, Json] = {
        "type": f"urn:matron:error:{code}",
        "title": kind.title,
        "status": kind.status,
        "code": code,
        "detail": DETAILS[kind],
        "request_id": schemas.UUID,
    }
    return {**made, "errors": {"limit": ["Not a valid integer."]}} if code == "invalid" else made
