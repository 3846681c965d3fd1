"""Links between operations, by names alone: where an id of a reply may go.

`appointment_id` in a path takes the `id` of an `AppointmentView`, or the field `appointment_id` of any view. Where a
view is not called as the id is, `CALLED` says what it is.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from marshmallow import fields

from chassis.contract import Command, PageView, Role, View, snake_case

PART = re.compile(r"{(\w+)}")
CALLED = {"account": "user", "user_row": "user", "registered": "user"}


class Target(NamedTuple):
    """An operation that takes ids in its path."""

    operation: str
    url: str
    contract: type[Command]
    roles: frozenset[Role]


def of(contract: type[Command], roles: frozenset[Role], targets: Iterable[Target]) -> dict[str, Any]:
    """The links from the reply of a contract to operations of the same service that some same role may ask for.

    `roles` are those that the reply is for.
    """
    ids, found = ids_of(contract.returns), {}
    for target in targets:
        wanted = PART.findall(target.url)
        is_for_same = not roles or not target.roles or not roles.isdisjoint(target.roles)
        if wanted and ids.keys() >= set(wanted) and is_for_same and contract.service == target.contract.service:
            parameters = {name: f"$response.body#/{ids[name]}" for name in wanted}
            found[target.operation] = {"operationId": target.operation, "parameters": parameters}
    return found


def ids_of(view: type[View]) -> dict[str, str]:
    """Where in a reply the id of each kind of record stands; of a page, in its first row."""
    if issubclass(view, PageView):
        return {name: f"items/0/{place}" for name, place in ids_of(view.item).items()}
    declared = view.schema().fields
    found = {name: name for name, field in declared.items() if name.endswith("_id") and isinstance(field, fields.UUID)}
    own = snake_case(view.__name__.removesuffix("View"))
    return found if "id" not in declared else {**_names(CALLED.get(own, own)), **found}


def _names(own: str) -> dict[str, str]:
    """`upgrade_request_id` and `request_id` both mean an upgrade request."""
    words = own.split("_")
    return {f"{'_'.join(words[start:])}_id": "id" for start in range(len(words))}
