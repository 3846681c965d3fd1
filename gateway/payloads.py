"""What a request says, as the fields of a command: from the path, the query or the body, and from the token.

Only what reads has a query: of the rest, it would lead passwords into the logs of proxies and into histories. But
DELETE may say there what is no secret, since many clients send no body with it.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NoReturn

from marshmallow import fields

from chassis.contract import Command
from chassis.errors import Invalid
from chassis.refusals import WRONG_FIELDS
from gateway.server.requests import TWICE, Request

READS = ("GET", "HEAD")
UNKNOWN = "Unknown field."


def payload_of(request: Request, contract: type[Command], own: dict[str, str], most: int) -> dict[str, Any]:
    """All fields as one; `own` is the caller's id, `most` the largest body in bytes.

    Invalid: a field comes from two places or twice, or a command has a query; with all else that is wrong.
    """
    payload, wrong = {**request.path_values, **own}, dict[str, str]()
    if request.environ.get("QUERY_STRING"):
        values, twice = request.parameters(_lists(contract))  # type: ignore[arg-type]  # mypy takes the class for its instances
        wrong |= dict.fromkeys(twice, TWICE)
        refused = [name for name in values if not _may_be_seen(request.method, contract, name)]
        wrong |= dict.fromkeys(refused, UNKNOWN)
        _add({name: value for name, value in values.items() if name not in refused}, payload, wrong)
    if request.method not in READS:
        _add(request.json(most), payload, wrong)
    if wrong:
        _refuse(contract, payload, wrong)
    return payload


def _may_be_seen(method: str, contract: type[Command], name: str) -> bool:
    """Whether a field may come in the query."""
    return method in READS or (method == "DELETE" and name not in contract.secrets())


def _add(more: Mapping[str, Any], payload: dict[str, Any], wrong: dict[str, str]) -> None:
    """Take these fields in, but for those that are there."""
    wrong |= dict.fromkeys(more.keys() & payload.keys(), UNKNOWN)
    payload.update({name: value for name, value in more.items() if name not in payload})


def _refuse(contract: type[Command], payload: dict[str, Any], wrong: Mapping[str, str]) -> NoReturn:
    """Invalid, with what is wrong with the other fields, too: nobody has to ask again to learn that."""
    errors: dict[str, Any] = {}
    try:
        contract.read(payload)
    except Invalid as refused:
        errors = refused.facts.get("errors", {})
    told = {name: [message] for name, message in wrong.items()}
    raise WRONG_FIELDS(errors=errors | told)


@cache
def _lists(contract: type[Command]) -> frozenset[str]:
    """The fields that hold several values."""
    return frozenset(_names(contract.schema().fields.items()))


def _names(declared: Iterable[tuple[str, fields.Field[Any]]]) -> Iterable[str]:
    return (field.data_key or name for name, field in declared if isinstance(field, fields.List))
