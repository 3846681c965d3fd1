"""The role matrix: every route, asked by nobody, by each role and with bad tokens, answers as the contracts say.

Nothing of it is written by hand: routes and their roles come from the gateway's table. One test takes all routes,
since two thousand tests of a request each would take longer to begin than to run; what is wrong is listed.
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
"""The codes of a 401 that is about the token. A wrong password has another."""
Answered = tuple[int, str]
"""The status, and the code of a problem; empty when there is none."""
Token = Callable[..., str]


@pytest.fixture(scope="module")
def bad_tokens(hospital: Hospital, stranger: Mint) -> list[Bad]:
    """Tokens that would be good for everything, but for one thing each."""
    return Forger(hospital, stranger, stranger.claims(*Role)).all()


def ask(hospital: Hospital, entry: Entry, token: str) -> Answered:
    """Ask with nothing in the body, and some id in the path."""
    url = re.sub(r"{\w+}", lambda _part: str(uuid4()), entry.url)
    body: dict[str, Any] = {} if entry.method == "GET" else {"json": {}}
    reply = hospital.call(entry.method, url, token=token, **body)
    return reply.status_code, reply.json()["code"] if reply.status_code >= 400 else ""


def named(entry: Entry) -> str:
    """A route as one reads it."""
    return f"{entry.method} {entry.url}"


def is_let_in(answered: Answered) -> bool:
    """Whether it was answered for what was asked, and neither refused for who asked nor broken."""
    status, code = answered
    return status < 500 and not (status == 401 and code in TOKENS) and answered != (403, "role_missing")


def test_each_role_is_let_in_where_its_route_names_it_and_nowhere_else(hospital: Hospital, token: Token) -> None:
    wrong = []
    for entry in CLOSED:
        for role in Role:
            answered = ask(hospital, entry, token(role))
            right = is_let_in(answered) if role in entry.roles else answered == (403, "role_missing")
            wrong += [] if right else [(named(entry), role.value, answered)]
    assert wrong == []


def test_where_anyone_may_ask_every_role_may(hospital: Hospital, token: Token) -> None:
    asked = {(named(entry), role): ask(hospital, entry, token(role)) for entry in OPEN for role in Role}
    assert {who: answered for who, answered in asked.items() if not is_let_in(answered)} == {}


def test_nobody_is_let_in_just_where_anyone_may_ask(hospital: Hospital) -> None:
    assert {named(entry) for entry in TABLE if is_let_in(ask(hospital, entry, ""))} == set(map(named, OPEN))
    asked = {named(entry): ask(hospital, entry, "") for entry in CLOSED}
    assert set(asked.values()) == {(401, "token_missing")}, asked


def test_somebody_without_a_role_is_let_in_just_where_anyone_may_ask(hospital: Hospital, token: Token) -> None:
    asked = {named(entry): ask(hospital, entry, token()) for entry in CLOSED}
    assert {url: answered for url, answered in asked.items() if answered != (403, "role_missing")} == {}


def test_a_token_that_does_not_count_is_refused_everywhere(hospital: Hospital, bad_tokens: list[Bad]) -> None:
    wrong = []
    for bad in bad_tokens:
        for entry in TABLE:
            answered = ask(hospital, entry, bad.token)
            wrong += [] if answered == (401, bad.code) else [(bad.name, named(entry), answered)]
    assert wrong == []


def test_the_token_that_the_bad_ones_are_made_of_is_good(hospital: Hospital, stranger: Mint, token: Token) -> None:
    forger = Forger(hospital, stranger, stranger.claims(*Role))
    assert is_let_in(ask(hospital, CLOSED[0], forger.signed(forger.claims)))
    assert is_let_in(ask(hospital, CLOSED[0], token(*Role)))


def test_an_unverified_account_is_refused_just_where_a_verified_one_is_asked_for(
    hospital: Hospital, token: Token
) -> None:
    asked = {named(entry): ask(hospital, entry, token(*Role, verified=False)) for entry in CLOSED}
    refused = {url for url, answered in asked.items() if answered == (403, "address_not_verified")}
    assert refused == {named(entry) for entry in CLOSED if entry.contract.verified}


def test_who_has_still_to_set_up_a_second_factor_may_do_little_else(hospital: Hospital, token: Token) -> None:
    asked = {named(entry): ask(hospital, entry, token(*Role, mfa_due=True)) for entry in CLOSED}
    refused = {url for url, answered in asked.items() if answered == (403, "mfa_setup_required")}
    assert refused == {named(entry) for entry in CLOSED if not entry.contract.enrolling}


AREAS = {
    "/api/admin/": {Role.ADMIN},
    "/api/doctors/": {Role.DOCTOR},
    "/api/patient/": {Role.PATIENT},
    "/api/staff/": {*STAFF, Role.ADMIN},
}
DIRECTORY = "/api/doctors/{doctor_id}"
"""Of doctors, whom anybody may look up."""


@pytest.mark.parametrize(("area", "roles"), AREAS.items(), ids=AREAS)
def test_each_area_is_for_its_own_people(area: str, roles: set[Role]) -> None:
    lines = [line for line in CLOSED if line.url.startswith(area) and not line.url.startswith(DIRECTORY)]
    assert {named(line): line.roles - roles for line in lines if not line.roles <= roles} == {}


def test_what_is_made_is_told_where_it_can_be_read() -> None:
    readable = {line.url: line.contract.returns for line in TABLE if line.method == "GET"}
    for line in (line for line in TABLE if line.status == 201):
        area = "/".join(line.url.split("/")[:3])
        own = {f"{{{name}}}" for name, place in links.ids_of(line.contract.returns).items() if place == "id"}
        places = [url for url in readable if url.startswith(area) and any(url.endswith(f"/{part}") for part in own)]
        assert [line.at] == (places or [""]), named(line)
