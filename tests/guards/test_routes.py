"""Commands, routes and services fit together."""

import re
from collections import Counter

import pytest
from marshmallow import fields

from chassis.contract import Command, View
from contracts.auth.accounts.administration import NoteRefusal
from contracts.auth.accounts.commands import UpdateMe
from contracts.auth.sessions import ListRevokedSessions
from contracts.billing.pay_links import GetPayPage, PayByLink
from contracts.billing.payments import FinishSandboxCheckout, GetSandboxCheckout
from contracts.billing.statements import PrintMyStatement
from contracts.billing.webhooks import ReceiveWebhook
from contracts.roles import Role
from contracts.scheduling.calendar_feed import GetCalendar
from gateway.service import GatewayService
from tests.guards.house import Routed, commands, members_with, routes

SHOWN_ONCE = ["MfaSecretView.secret"]
"""The secret that an authenticator app needs. It applies only after the app has shown a code."""
CALLED_OTHERWISE = {
    ListRevokedSessions: "a gateway asks when it starts",
    NoteRefusal: "a gateway sends it after a refusal",
    **{one: "the gateway's audit puts them together" for one in commands() if one.__name__ == "ListAudit"},
    GetCalendar: "the gateway's calendar page shows it",
    GetSandboxCheckout: "the gateway's checkout page shows it",
    PrintMyStatement: "the gateway's statement route sends it for a file",
    ReceiveWebhook: "the gateway's page of webhooks sends it",
    GetPayPage: "the page of a link to pay shows it",
    PayByLink: "the page of a link to pay sends it",
    FinishSandboxCheckout: "the gateway's checkout page sends it",
}

KEYED = [one for one in commands() if one.keyed and not one.reads]
ACTS_ON_ITS_CALLER = {UpdateMe: "the caller's own account, to which the key belongs too"}


@pytest.mark.parametrize("command", commands(), ids=lambda one: one.__name__)
def test_every_command_declares_service_roles_and_result(command: type[Command]) -> None:
    missing = [fact for fact in ("service", "roles", "returns") if not hasattr(command, fact)]
    assert not missing, f"{command.__name__} lacks {missing}: gateway, service, OpenAPI and the matrix all need them"
    assert issubclass(command.returns, View)
    strangers = [role for role in command.roles if not isinstance(role, Role)]
    assert not strangers, f"{command.__name__}.roles names {strangers}, which are not in contracts/roles.py"


@pytest.mark.parametrize("command", commands(), ids=lambda one: one.__name__)
def test_every_command_has_a_route_or_a_named_caller(command: type[Command]) -> None:
    is_routed = command in {one.contract for one in routes()}
    known = command in CALLED_OTHERWISE
    reason = f"{command.__name__}: an unreachable command is dead code; add a route, or list it above"
    assert is_routed != known, reason


def test_route_tables_use_each_name_once() -> None:
    named = Counter(name for table in GatewayService.__bases__ for name in vars(table) if not name.startswith("_"))
    found = [name for name, tables in named.items() if tables > 1]
    assert not found, f"{found}: the gateway inherits all tables, so the second route of a name hides the first"


@pytest.mark.parametrize("command", commands(), ids=lambda one: one.__name__)
def test_every_command_is_served_once_by_its_service(command: type[Command]) -> None:
    if command.service == "gateway":
        return  # Its route joins the answers of several services.
    found = [
        f"{service}.{name}"
        for service, members in members_with("contract").items()
        for name, member in members.items()
        if member.contract is command
    ]
    expected = f"{command.service}.{command.method()}"
    assert found == [expected], f"{command.__name__} is served by {found}: callers look for {expected} alone"


@pytest.mark.parametrize("command", KEYED, ids=lambda one: one.__name__)
def test_a_keyed_command_names_its_object_in_body_or_path(command: type[Command]) -> None:
    is_named = any(field.required for field in command.schema().fields.values())
    reason = f"{command.__name__}: without a required field, a repeated key would confirm a later object"
    assert is_named != (command in ACTS_ON_ITS_CALLER), f"{reason}; say `keyed = False`, or list it above"


@pytest.mark.parametrize("one", routes(), ids=lambda one: f"{one.method} {one.url}")
def test_a_route_names_only_fields_of_its_command(one: Routed) -> None:
    declared = {field.data_key or name for name, field in one.contract.schema().fields.items()}
    named = set(re.findall(r"{(\w+)}", one.url)) | ({one.me} if one.me else set())
    assert named <= declared, f"{one.contract.__name__} has no fields {named - declared}, so each request would be 422"


@pytest.mark.parametrize("one", routes(), ids=lambda one: f"{one.method} {one.url}")
def test_reading_is_get_and_changing_is_not(one: Routed) -> None:
    reason = f"{one.contract.__name__}: caches and crawlers repeat a GET, and clients do not repeat a POST"
    assert one.contract.reads == (one.method == "GET"), reason


def test_no_two_routes_answer_the_same_request() -> None:
    shapes = Counter((one.method, re.sub(r"{\w+}", "{}", one.url)) for one in routes())
    twice = [shape for shape, times in shapes.items() if times > 1]
    assert not twice, f"{twice}: one of two routes would never be reached"


def test_secrets_are_never_dumped() -> None:
    found = [
        f"{command.returns.__name__}.{name}"
        for command in commands()
        for name, field in command.returns.schema().fields.items()
        if "password" in name or (isinstance(field, fields.String) and name == "secret")
    ]
    assert found == SHOWN_ONCE, f"{found}: a secret that is shown is none"


def test_commands_called_otherwise_still_exist() -> None:
    assert set(CALLED_OTHERWISE) <= set(commands())
