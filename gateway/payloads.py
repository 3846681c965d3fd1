"""Collect the fields of a command from the path, the query, the body and the token.

Write requests take no query: it would put passwords into the logs of proxies and into browser histories. DELETE accepts
fields without secrets there, since many clients send no body with it.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import NoReturn

from marshmallow import fields

from chassis.contract import Command
from chassis.errors import Invalid
from chassis.refusals import WRONG_FIELDS
from gateway.server.requests import TWICE, Request

READS = ("GET", "HEAD")
UNKNOWN = "Unknown field."


def payload_of(request: Request, contract: type[Command], own: dict[str, str], most: int) -> dict[str, object]:
    """Return all fields. `own` is the field with the caller's id, `most` the largest body in bytes.

    Invalid: a field is given twice, or a write request has a query. The error also lists all other wrong fields.
    """
    payload: dict[str, object] = {**request.path_values, **own}
    wrong: dict[str, str] = {}
    if request.environ.get("QUERY_STRING"):
        values, twice = request.parameters(_lists(contract))  # type: ignore[arg-type]  # mypy takes the class for its instances
        wrong |= dict.fromkeys(twice, TWICE)
        refused = [name for name in values if not _is_query_field(request.method, contract, name)]
        wrong |= dict.fromkeys(refused, UNKNOWN)
        _add({name: value for name, value in values.items() if name not in refused}, payload, wrong)
    if request.method not in READS:
        _add(request.json(most), payload, wrong)
    if wrong:
        _refuse(contract, payload, wrong)
    return payload


def _is_query_field(method: str, contract: type[Command], name: str) -> bool:
    """Whether the query may contain a field."""
    return method in READS or (method == "DELETE" and name not in contract.secrets())


def _add(more: Mapping[str, object], payload: dict[str, object], wrong: dict[str, str]) -> None:
    """Add fields to the payload. A field that it already has is wrong."""
    wrong |= dict.fromkeys(more.keys() & payload.keys(), UNKNOWN)
    payload.update({name: value for name, value in more.items() if name not in payload})


def _refuse(contract: type[Command], payload: dict[str, object], wrong: Mapping[str, str]) -> NoReturn:
    """Raise Invalid. It also lists the other wrong fields, so that the client need not send a request to find them."""
    errors: dict[str, object] = {}
    try:
        contract.read(payload)
    except Invalid as refused:
        errors = refused.facts.get("errors", {})
    raise WRONG_FIELDS(errors=errors | {name: [message] for name, message in wrong.items()})


@cache
def _lists(contract: type[Command]) -> frozenset[str]:
    """Return the names of the list fields."""
    return frozenset(_names(contract.schema().fields.items()))


def _names(declared: Iterable[tuple[str, fields.Field[object]]]) -> Iterable[str]:
    return (field.data_key or name for name, field in declared if isinstance(field, fields.List))
