"""Entity tags never match the record of another account."""

from typing import Any
from uuid import UUID

import pytest
import requests

from chassis.call import Call
from chassis.contract import Command, Query, View
from chassis.errors import Stale
from chassis.identity import Actor
from contracts.roles import Role
from gateway import etags
from gateway.documents.openapi import entries
from gateway.service import GatewayService
from tests.hospital import Hospital, eventually
from tests.people import Person, verified_patient

ASHA, BEN = Actor(id=UUID(int=1)), Actor(id=UUID(int=2))
OWN = etags.mark_of(ASHA)
ME, FACTS = "/api/users/me", "/api/patient/profile"


class RecordView(View):
    """A record with a revision."""

    id: UUID
    revision: int


class Look(Query, service="test", roles=(Role.PATIENT,), returns=RecordView):
    """Read the record."""


class Edit(Command, service="test", roles=(Role.PATIENT,), returns=RecordView, revised=True):
    """Change the record."""


class Make(Command, service="test", roles=(Role.PATIENT,), returns=RecordView):
    """Create a record."""


class Find(Query, service="test", roles=(Role.PATIENT,), returns=View):
    """List records."""


def passes(if_match: str, revision: int = 3, actor: Actor = ASHA) -> bool:
    """Whether a change with this header succeeds at a path of the actor's own record, in that revision."""
    expected = etags.revisions(if_match, etags.mark_of(actor))
    try:
        Call(if_match=expected).expects(revision)
    except Stale:
        return False
    return True


@pytest.mark.parametrize(
    ("contract", "url", "personal"),
    [
        (Look, "/api/x/me", True),
        (Edit, "/api/x/me", True),
        (Look, "/api/x/{x_id}", False),
        (Edit, "/api/x/{x_id}", False),
        (Make, "/api/x", False),
        (Find, "/api/x", False),
    ],
)
def test_etag_has_a_mark_when_path_does_not_name_the_record(
    contract: type[Command], url: str, *, personal: bool
) -> None:
    assert etags.are_personal(contract, url) is personal


def test_routes_with_marked_etags_all_need_a_token() -> None:
    found = {line.url for line in entries(GatewayService) if etags.are_personal(line.contract, line.url)}
    assert found >= {ME, FACTS, "/api/doctors/schedule"}
    assert {line.url for line in entries(GatewayService) if line.url in found and not line.roles} == set()


def test_mark_is_constant_for_an_account_and_differs_between_accounts() -> None:
    assert etags.mark_of(ASHA) == OWN != etags.mark_of(BEN)
    assert etags.no_mark(ASHA) == ""


@pytest.mark.parametrize(
    "if_match", [f'"3{OWN}"', '"3"', "*", f'"1", "3{OWN}"', f'"3{OWN}" , "9"', f'W/"3{OWN}", "3"', ""]
)
def test_change_passes_with_a_current_etag(if_match: str) -> None:
    assert passes(if_match)


@pytest.mark.parametrize(
    "if_match",
    [
        f'"3{etags.mark_of(BEN)}"',
        f'"2{OWN}"',
        f'W/"3{OWN}"',
        'W/"3"',
        f'"{OWN}"',
        f'"3{OWN}{OWN}"',
        f'"3{OWN} "',
        f'"3{OWN[:-1]}"',
        '"2", "4"',
    ],
)
def test_change_is_refused_with_another_etag(if_match: str) -> None:
    assert not passes(if_match)


def test_etag_is_the_revision_when_path_names_the_record() -> None:
    assert etags.tag("3", "") == '"3"'
    assert etags.revisions(f'"3{OWN}", W/"4", *', "") == f'"3{OWN}", W/"4", *'


@pytest.fixture
def two(hospital: Hospital) -> tuple[Person, Person]:
    """Return two new patients, whose records have reached all services."""
    asha, ben = verified_patient(hospital), verified_patient(hospital)
    for one in (asha, ben):
        eventually(lambda one=one: ask(one, "GET", FACTS).status_code == 200)  # type: ignore[misc]
    return asha, ben


def ask(person: Person, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
    """Send a request with these headers."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    sent["Authorization"] = f"Bearer {person.token}"
    return person.hospital.http.request(method, person.hospital.url + path, json=body, headers=sent, timeout=10)


@pytest.mark.parametrize("path", [ME, FACTS])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_etag_of_another_account_gets_no_304(two: tuple[Person, Person], path: str, method: str) -> None:
    (asha, ben), (of_asha, of_ben) = two, [ask(one, "GET", path) for one in two]
    assert of_asha.json()["revision"] == of_ben.json()["revision"], "otherwise the tags differ by the revision"
    tag, revision = of_asha.headers["ETag"], f'"{of_ben.json()["revision"]}"'
    asked = [tag, f'W/{tag}, "x"', "*", revision]
    assert [ask(asha, method, path, If_None_Match=known).status_code for known in asked] == [304, 304, 304, 200]
    assert [ask(ben, method, path, If_None_Match=known).status_code for known in asked] == [200, 200, 304, 200]


def test_own_record_changes_only_with_its_own_etag(two: tuple[Person, Person]) -> None:
    asha, _ben = two
    tag, other = (ask(one, "GET", ME).headers["ETag"] for one in two)
    refused = ask(asha, "PATCH", ME, {"name": "Asha R."}, If_Match=other)
    assert (refused.status_code, refused.json()["code"]) == (412, "stale")
    changed = ask(asha, "PATCH", ME, {"name": "Asha R."}, If_Match=tag)
    assert (changed.status_code, changed.headers["ETag"]) == (200, ask(asha, "GET", ME).headers["ETag"])
    assert ask(asha, "PATCH", ME, {"name": "Asha"}, If_Match=tag).status_code == 412
    known = f'"{changed.json()["revision"]}"'
    assert ask(asha, "PATCH", ME, {"name": "Asha Rao"}, If_Match=known).status_code == 200
