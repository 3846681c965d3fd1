"""A contract lists exactly the refusals that its use case may raise. OpenAPI shows this list to clients.

Refusals of any route, such as `not_found` and `stale`, are optional.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from chassis.contract import Command
from chassis.execution.run import Operation
from chassis.refusals import BAD_CURSOR
from gateway.documents import refusals
from tests.guards.codes import raised
from tests.guards.house import commands, members_with
from tests.guards.reach import reached

Refusals = set[tuple[str, str]]
USUAL = {(kind.__name__, code) for kind, codes in refusals.USUAL.items() for code in codes} | {
    (BAD_CURSOR.kind.__name__, BAD_CURSOR.code)
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
    ("ChangePrice", "Conflict", "line_held"): "only an invoice whose lines are all priced is issued",
    ("SetPrice", "Conflict", "already_priced"): "only held lines are priced",
    ("ChangePrice", "Conflict", "already_priced"): "only held lines are priced",
    ("SetPrice", "Conflict", "already_issued"): "only drafts are completed",
    ("ChangePrice", "Conflict", "already_issued"): "only drafts are completed",
    **{
        ("UndoCompletion", "Conflict", code): "the visit is displaced then"
        for code in ("slot_taken", "patient_busy", "outside_hours", "doctor_gone")
    },
    ("PayByLink", "Conflict", "more_than_open"): "it pays the open amount, whatever that is",
    ("PayByLink", "Conflict", "nothing_to_pay"): "a link without an open amount is not valid",
    ("SettleOddPayment", "Conflict", "payment_finished"): "the payment is locked, and its money was set aside",
    ("TakePayment", "Conflict", "payment_finished"): "the payment is new",
    (
        "ReceiveWebhook",
        "Conflict",
        "payment_finished",
    ): "the payment is locked, and money counts once",
    ("ListLabTests", "Invalid", "unknown_test"): "it names no test",
    ("Prescribe", "Conflict", "prescription_ended"): "it replaces no prescription",
    ("Prescribe", "Conflict", "already_superseded"): "it replaces no prescription",
    ("Revise", "Conflict", "already_superseded"): "an active prescription has no successor",
    ("DecideRefill", "Conflict", "already_superseded"): "an active prescription has no successor",
    **{
        (command, "Conflict", "refill_decided"): "only the open request ends, under the patient's lock"
        for command in ("Revise", "Renew", "Discontinue")
    },
    ("FinishSandboxCheckout", "Conflict", "payment_finished"): "a finished payment is answered as it is",
}
"""Refusals that a use case can reach but never raises, each with the reason."""


def steps(command: type[Command]) -> list[Callable[..., Any]]:
    """The functions that the table of a service names for a command."""
    method = members_with("contract")[command.service][command.method()]
    operation = next(cell.cell_contents for cell in method.__closure__ if isinstance(cell.cell_contents, Operation))
    return [step for step in vars(operation).values() if callable(step) and step is not operation.contract]


def listed(command: type[Command]) -> Refusals:
    """Kinds and codes of the listed refusals of a contract."""
    return {(refusal.kind.__name__, refusal.code) for refusal in command.refuses} - USUAL


@cache
def may_raise(command: type[Command]) -> Refusals:
    """Kinds and codes of all refusals that the use case can reach."""
    pieces = [piece for step in steps(command) for piece in reached(step.__module__, step.__name__)]
    return {(one.kind, one.code) for one in raised() if any(piece.has(one.place) for piece in pieces)} - USUAL


SERVED = [one for one in commands() if one.service != "gateway"]
by_command = pytest.mark.parametrize("command", SERVED, ids=lambda one: one.__name__)


@by_command
def test_contract_lists_no_code_that_its_use_case_cannot_raise(command: type[Command]) -> None:
    vain = listed(command) - may_raise(command)
    assert not vain, f"{command.__name__} lists {vain}, but no function that it calls raises that"


@by_command
def test_contract_lists_each_code_that_its_use_case_may_raise(command: type[Command]) -> None:
    never = {(kind, code) for name, kind, code in NEVER if name == command.__name__}
    unlisted = may_raise(command) - listed(command) - never
    assert not unlisted, f"add {unlisted} to `refuses` of {command.__name__}, or to NEVER with the reason"


def test_excluded_refusals_are_still_reachable() -> None:
    within = {command.__name__: may_raise(command) for command in SERVED}
    gone = {(name, *both) for name, *both in NEVER if tuple(both) not in within.get(name, ())}
    assert not gone, f"{gone}: take them out of NEVER"
