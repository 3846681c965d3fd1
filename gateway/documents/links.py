"""Links between operations, found by names: the operations that take an id of a reply.

`appointment_id` in a path takes the `id` of an `AppointmentView`, or the field `appointment_id` of any view. `CALLED`
names the record of a view with another name.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from marshmallow import fields

from chassis.contract import Command, PageView, Role, View, snake_case
from gateway.documents.objects import Link

PART = re.compile(r"{(\w+)}")
CALLED = {
    "account": "user",
    "user_row": "user",
    "registered": "user",
    "item_row": "item",
    "appointment_with_doctor": "appointment",
    "appointment_with_people": "appointment",
    "record_with_versions": "record",
    "allergy_with_versions": "allergy",
    "condition_with_versions": "condition",
}


class Target(NamedTuple):
    """An operation, which may take ids in its path."""

    operation: str
    url: str
    contract: type[Command]
    roles: frozenset[Role]


def of(contract: type[Command], roles: frozenset[Role], targets: Iterable[Target]) -> dict[str, Link]:
    """Return the links from a reply to operations of the same service that share a role with it.

    `roles` are the roles that may get the reply.
    """
    ids, found = ids_of(contract.returns), dict[str, Link]()
    for target in targets:
        wanted = PART.findall(target.url)
        is_for_same = not roles or not target.roles or not roles.isdisjoint(target.roles)
        if wanted and ids.keys() >= set(wanted) and is_for_same and contract.service == target.contract.service:
            parameters = {name: f"$response.body#/{ids[name]}" for name in wanted}
            found[target.operation] = {"operationId": target.operation, "parameters": parameters}
    return found


def ids_of(view: type[View]) -> dict[str, str]:
    """Return the place of each record's id in a reply; in a page, that of its first row."""
    if issubclass(view, PageView):
        return {name: f"items/0/{pointer}" for name, pointer in ids_of(view.item).items()}
    declared = view.schema().fields
    found = {name: name for name, field in declared.items() if name.endswith("_id") and isinstance(field, fields.UUID)}
    own = snake_case(view.__name__.removesuffix("View"))
    return found if "id" not in declared else {**_names(CALLED.get(own, own)), **found}


def _names(own: str) -> dict[str, str]:
    """`upgrade_request_id` and `request_id` both mean an upgrade request."""
    words = own.split("_")
    return {f"{'_'.join(words[start:])}_id": "id" for start in range(len(words))}
