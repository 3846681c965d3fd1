"""The role matrix: each route is called without a token, by each role and with bad tokens.

The routes and their roles come from the route table. One test calls all routes and lists the errors, since two thousand
tests of one request each would take longer to start than to run.
"""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from contracts.roles import STAFF, Role
from gateway.documents import links
from gateway.documents.openapi import entries
from gateway.route import Entry
from gateway.service import GatewayService
from tests.gateway.bad_tokens import Bad, Forger
from tests.hospital import Hospital
from tests.tokens import Mint

TABLE = entries(GatewayService)
OPEN = [entry for entry in TABLE if not entry.roles]
CLOSED = [entry for entry in TABLE if entry.roles]
TOKENS = ("token_missing", "token_invalid", "token_expired", "session_ended")
"""The codes of a 401 for the token. A wrong password has another code."""
Answered = tuple[int, str]
"""The status, and the code of a problem document or an empty text."""
Token = Callable[..., str]


@pytest.fixture(scope="module")
def bad_tokens(hospital: Hospital, stranger: Mint) -> list[Bad]:
    """Return tokens for all roles, each with one error."""
    return Forger(hospital, stranger, stranger.claims(*Role)).all()


def ask(hospital: Hospital, entry: Entry, token: str) -> Answered:
    """Send a request with an empty body and random ids in the path."""
    url = re.sub(r"{\w+}", lambda _part: str(uuid4()), entry.url)
    body: dict[str, Any] = {} if entry.method == "GET" else {"json": {}}
    reply = hospital.call(entry.method, url, token=token, **body)
    return reply.status_code, reply.json()["code"] if reply.status_code >= 400 else ""


def named(entry: Entry) -> str:
    """Return the method and URL of a route."""
    return f"{entry.method} {entry.url}"


def is_let_in(answered: Answered) -> bool:
    """Whether a request was admitted: refused neither for its token nor its role, and without a server error."""
    status, code = answered
    return status < 500 and not (status == 401 and code in TOKENS) and answered != (403, "role_missing")


def test_role_is_admitted_only_where_its_route_lists_it(hospital: Hospital, token: Token) -> None:
    wrong = []
    for entry in CLOSED:
        for role in Role:
            answered = ask(hospital, entry, token(role))
            right = is_let_in(answered) if role in entry.roles else answered == (403, "role_missing")
            wrong += [] if right else [(named(entry), role.value, answered)]
    assert wrong == []


def test_open_routes_admit_every_role(hospital: Hospital, token: Token) -> None:
    asked = {(named(entry), role): ask(hospital, entry, token(role)) for entry in OPEN for role in Role}
    assert {who: answered for who, answered in asked.items() if not is_let_in(answered)} == {}


def test_request_without_token_is_admitted_only_on_open_routes(hospital: Hospital) -> None:
    asked = {entry: ask(hospital, entry, "") for entry in TABLE}
    assert [named(entry) for entry in OPEN if not is_let_in(asked[entry])] == []
    wrong = {named(entry): asked[entry] for entry in CLOSED if asked[entry] != (401, "token_missing")}
    assert wrong == {}


def test_token_without_roles_is_admitted_only_on_open_routes(hospital: Hospital, token: Token) -> None:
    asked = {named(entry): ask(hospital, entry, token()) for entry in CLOSED}
    assert {url: answered for url, answered in asked.items() if answered != (403, "role_missing")} == {}


def test_bad_token_is_refused_on_every_route(hospital: Hospital, bad_tokens: list[Bad]) -> None:
    wrong = []
    for bad in bad_tokens:
        for entry in TABLE:
            answered = ask(hospital, entry, bad.token)
            wrong += [] if answered == (401, bad.code) else [(bad.name, named(entry), answered)]
    assert wrong == []


def test_bad_tokens_are_derived_from_a_good_token(hospital: Hospital, stranger: Mint, token: Token) -> None:
    forger = Forger(hospital, stranger, stranger.claims(*Role))
    assert is_let_in(ask(hospital, CLOSED[0], forger.signed(forger.claims)))
    assert is_let_in(ask(hospital, CLOSED[0], token(*Role)))


def test_unverified_account_is_refused_only_where_verification_is_required(hospital: Hospital, token: Token) -> None:
    asked = {named(entry): ask(hospital, entry, token(*Role, verified=False)) for entry in CLOSED}
    refused = {url for url, answered in asked.items() if answered == (403, "address_not_verified")}
    assert refused == {named(entry) for entry in CLOSED if entry.contract.verified}


def test_account_without_required_second_factor_is_refused_except_to_enrol(hospital: Hospital, token: Token) -> None:
    asked = {named(entry): ask(hospital, entry, token(*Role, mfa_due=True)) for entry in CLOSED}
    refused = {url for url, answered in asked.items() if answered == (403, "mfa_setup_required")}
    assert refused == {named(entry) for entry in CLOSED if not entry.contract.enrolling}


AREAS = {
    "/api/admin/": {Role.ADMIN},
    "/api/admin/inventory": {Role.ADMIN, Role.PHARMACIST},
    "/api/admin/stock-alerts": {Role.ADMIN, Role.PHARMACIST},
    "/api/doctors/": {Role.DOCTOR},
    "/api/doctors/attachments/": {Role.DOCTOR, Role.NURSE},
    "/api/doctors/patients/": {Role.DOCTOR, Role.NURSE, Role.PHARMACIST},
    "/api/patient/": {Role.PATIENT},
    "/api/staff/": {*STAFF, Role.ADMIN},
}
GUESTS = {
    "/api/admin/medication-overrides": {Role.PHARMACIST},
    "/api/doctors/medication-check": {Role.PHARMACIST},
}
"""Roles that a URL admits beside those of its area: pharmacists check and review what doctors prescribe."""
DIRECTORY = "/api/doctors/{doctor_id}"
"""The directory of doctors, which is open to every role."""


def area_of(url: str) -> str:
    """Return the longest area of a URL."""
    return max((area for area in AREAS if url.startswith(area)), key=len, default="")


@pytest.mark.parametrize(("area", "roles"), AREAS.items(), ids=AREAS)
def test_area_admits_only_its_own_roles(area: str, roles: set[Role]) -> None:
    lines = [line for line in CLOSED if area_of(line.url) == area and not line.url.startswith(DIRECTORY)]
    foreign = {named(line): line.roles - roles - GUESTS.get(line.url, set()) for line in lines}
    assert {name: found for name, found in foreign.items() if found} == {}


def test_created_records_all_have_a_readable_location() -> None:
    readable = {line.url: line.contract.returns for line in TABLE if line.method == "GET"}
    for line in (line for line in TABLE if line.status == 201):
        area = "/".join(line.url.split("/")[:3])
        own = {f"{{{name}}}" for name, pointer in links.ids_of(line.contract.returns).items() if pointer == "id"}
        locations = [url for url in readable if url.startswith(area) and any(url.endswith(f"/{part}") for part in own)]
        assert [line.at] == (locations or [""]), named(line)
