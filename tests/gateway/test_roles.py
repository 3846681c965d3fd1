"""The role matrix: every route, asked by nobody, by each role and with bad tokens, is as the contracts say."""

import re
from collections.abc import Callable
from uuid import uuid4

import pytest
import requests

from contracts.roles import Role
from tests.guards.house import Routed, routes
from tests.hospital import Hospital
from tests.tokens import Mint

PASSED = "admitted"
MEANING = {
    "token_missing": "unauthenticated",
    "token_invalid": "unauthenticated",
    "token_expired": "unauthenticated",
    "role_missing": "forbidden",
    "internal": "broken",
}
EVERY_ROUTE = pytest.mark.parametrize("one", routes(), ids=lambda one: f"{one.method} {one.url}")


def ask(hospital: Hospital, one: Routed, token: str) -> requests.Response:
    """Ask with nothing in the body, and somebody's id in the path."""
    url = re.sub(r"{\w+}", lambda _part: str(uuid4()), one.url)
    body = {} if one.method == "GET" else {"json": {}}
    return hospital.call(one.method, url, token=token, **body)


def met(hospital: Hospital, one: Routed, token: str) -> str:
    """How a request was met: refused for who asked, or admitted, whatever then became of it."""
    reply = ask(hospital, one, token)
    if reply.status_code < 400:
        return PASSED
    meaning = MEANING.get(reply.json()["code"], PASSED)
    assert (meaning == "broken") == (reply.status_code == 500), reply.text
    return meaning


@EVERY_ROUTE
def test_each_role_is_admitted_where_its_contract_names_it(
    hospital: Hospital, token: Callable[..., str], one: Routed
) -> None:
    roles = frozenset(one.contract.roles)
    expected = {role: PASSED if not roles or role in roles else "forbidden" for role in Role}
    assert {role: met(hospital, one, token(role)) for role in Role} == expected


@EVERY_ROUTE
def test_nobody_is_admitted_where_anyone_may_ask(hospital: Hospital, one: Routed) -> None:
    assert met(hospital, one, "") == ("unauthenticated" if one.contract.roles else PASSED)


@EVERY_ROUTE
def test_a_token_that_does_not_count_is_refused(
    hospital: Hospital, token: Callable[..., str], stranger: Mint, one: Routed
) -> None:
    ended = token(*Role, exp=1_700_000_000)
    forged = stranger.token(*Role)
    assert [met(hospital, one, bad) for bad in (ended, forged, "nonsense")] == ["unauthenticated"] * 3


@EVERY_ROUTE
def test_an_unverified_account_is_refused_where_the_contract_asks_for_a_verified_one(
    hospital: Hospital, token: Callable[..., str], one: Routed
) -> None:
    unverified = token(*Role, verified=False)
    reply = ask(hospital, one, unverified)
    code = reply.json().get("code") if reply.status_code == 403 else ""
    assert code == ("address_not_verified" if one.contract.verified else "")
