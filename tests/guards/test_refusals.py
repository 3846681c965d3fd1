"""What a contract's docstring says of refusals, which is what OpenAPI tells callers, is what its use case may refuse.

`Kind: `code`, `code` (aside).`: see `chassis.contract.Command`. What any route may answer, such as `not_found` or
`stale`, may be said or left out.
"""

from collections.abc import Callable
from typing import Any

import pytest

from chassis.contract import Command
from chassis.execution import Shape
from gateway import refusals
from tests.guards.codes import raised
from tests.guards.house import commands, members_with
from tests.guards.reach import reached

Told = set[tuple[str, str]]
USUAL = {(kind.__name__, code) for kind, codes in refusals.USUAL.items() for code in codes} | {
    ("Invalid", "bad_cursor")
}
NEVER = {
    ("RegisterPatient", "Conflict", "already_granted"): "a new account has no role",
    ("InvitePatient", "Conflict", "already_granted"): "a new account has no role",
    ("AssignRoles", "Conflict", "already_granted"): "only roles that are missing are given, under the account's lock",
    ("ResetPassword", "Conflict", "not_pending_verification"): "only an address that is not verified yet is",
    ("EraseUser", "Conflict", "already_decided"): "only pending requests are withdrawn",
    ("TakeTimeOff", "Conflict", "not_waiting"): "`has_visits` names those that cannot lose their time",
    ("CancelAppointment", "Forbidden", "own_visit"): "its patient may, as such",
    ("RescheduleAppointment", "Forbidden", "own_visit"): "its patient may, as such",
    ("GetAppointment", "Forbidden", "own_visit"): "its patient may, as such",
    ("ChangeShift", "Conflict", "swap_answered"): "only open swaps are withdrawn",
    ("DecideSwap", "Conflict", "swap_answered"): "only open swaps are withdrawn",
    ("SetPrice", "Conflict", "line_held"): "only an invoice whose lines are all priced is issued",
    ("SetPrice", "Conflict", "already_priced"): "only held lines are priced",
    ("SetPrice", "Conflict", "already_issued"): "only drafts are completed",
    **{
        ("UndoCompletion", "Conflict", code): "the visit is displaced then"
        for code in ("slot_taken", "patient_busy", "outside_hours", "doctor_gone")
    },
    ("FinishSandboxCheckout", "Conflict", "payment_finished"): "a finished payment is answered as it is",
}
"""Refusals of moves that a use case makes only where they are allowed, each with the reason."""


def steps(command: type[Command]) -> list[Callable[..., Any]]:
    """The functions that its service's table names for a command."""
    method = members_with("contract")[command.service][command.method()]
    shape = next(cell.cell_contents for cell in method.__closure__ if isinstance(cell.cell_contents, Shape))
    return [step for step in (shape.use_case, shape.outside, shape.then) if step is not None]


def told(*documented: Any) -> Told:
    """Kinds and codes in docstrings."""
    parts = [refusals.told(one) for one in documented]
    return {(kind.__name__, code) for part in parts for kind, codes in part.items() for code in codes} - USUAL


def may_raise(command: type[Command]) -> Told:
    """Kinds and codes of all that its use case comes to."""
    pieces = [piece for step in steps(command) for piece in reached(step.__module__, step.__name__)]
    return {(one.kind, one.code) for one in raised() if any(piece.has(one.place) for piece in pieces)} - USUAL


SERVED = [one for one in commands() if one.service != "gateway"]
by_command = pytest.mark.parametrize("command", SERVED, ids=lambda one: one.__name__)


@by_command
def test_a_contract_tells_what_the_docstrings_of_its_use_case_tell(command: type[Command]) -> None:
    names = [f"{step.__module__}.{step.__name__}" for step in steps(command)]
    assert told(command) == told(*steps(command)), f"{command.__name__} and {names} must tell the same refusals"


@by_command
def test_a_contract_tells_no_code_that_its_use_case_cannot_raise(command: type[Command]) -> None:
    vain = told(command) - may_raise(command)
    assert not vain, f"{command.__name__} tells {vain}, and nothing that it calls raises that"


@by_command
def test_a_contract_tells_each_code_that_its_use_case_may_raise(command: type[Command]) -> None:
    never = {(kind, code) for name, kind, code in NEVER if name == command.__name__}
    untold = may_raise(command) - told(command) - never
    assert not untold, f"add {untold} to the docstring of {command.__name__}, or to NEVER with the reason"


def test_what_never_happens_is_still_in_reach() -> None:
    within = {command.__name__: may_raise(command) for command in SERVED}
    gone = {(name, *both) for name, *both in NEVER if tuple(both) not in within.get(name, ())}
    assert not gone, f"{gone}: take them out of NEVER"
