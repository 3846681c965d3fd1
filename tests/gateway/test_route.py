"""Routes: the parts of a request that go to the service, and the roles that are admitted."""

import time
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
import pytest

from chassis.call import Call
from chassis.contract import ANYONE, Command, Query, View
from chassis.errors import Forbidden, Invalid, Unauthenticated
from chassis.identity import Actor
from contracts.auth.sessions import EndSession, LogOut
from contracts.roles import Role
from gateway import settings
from gateway.problems import BadRequest
from gateway.route import composed, route
from gateway.server.limits import Limits
from gateway.server.lines import Lines
from gateway.server.requests import Request
from services.auth.sessions.commands import ACCESS_LIFE
from tests.hospital import GENEROUS
from tokens.revoked import Revoked

ASHA = Actor(id=UUID(int=1), roles=frozenset({Role.PATIENT}), session_id=UUID(int=9))


class Edit(Command, service="test", roles=(Role.PATIENT,), returns=View, revised=True):
    """Change a record."""


class Knock(Command, service="test", roles=ANYONE, returns=View):
    """A command without roles."""


class Ask(Query, service="gateway", roles=(Role.ADMIN,), returns=View):
    """A query that the gateway answers."""

    about: int


class Visit(Command, service="test", roles=(Role.PATIENT, Role.RECEPTIONIST), returns=View):
    """A command of patients, and of the desk for patients."""


class Gateway:
    """The dependencies of routes, with a service that records its calls."""

    def __init__(self, actor: Actor, body: bytes = b"{}") -> None:
        self.verifier = SimpleNamespace(known={"good": 1}, actor=lambda _token: actor, revoked=Revoked())
        self.body = body
        self.limits, self.lines = Limits(settings.load()), Lines()
        self.rpc, self.calls = self, list[Call]()

    def call(self, _service: str, _method: str, _payload: dict[str, Any], call: Call, _seconds: float) -> Any:
        """Answer as a service whose record is in its third revision."""
        self.calls.append(call)
        return SimpleNamespace(result_bytes=self.body, headers={"revision": 3})


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GENEROUS.items():
        monkeypatch.setenv(name, value)


def request(*, signed_in: bool = True, query: str = "", path: Any = (), **headers: str) -> Request:
    """Return a request with these headers."""
    sent = {f"HTTP_{name}": value for name, value in headers.items()}
    sent |= {"HTTP_AUTHORIZATION": "Bearer good"} if signed_in else {}
    return Request({"REQUEST_METHOD": "GET", "QUERY_STRING": query, **sent}, "id", "192.0.2.1", dict(path))


def test_if_match_goes_to_the_service() -> None:
    gateway = Gateway(ASHA)
    route("PATCH", "/x", Edit)(gateway, request(IF_MATCH='"3"'))
    assert gateway.calls[0].if_match == '"3"'


def test_malformed_if_match_reaches_no_service() -> None:
    gateway = Gateway(ASHA)
    with pytest.raises(BadRequest):
        route("PATCH", "/x", Edit)(gateway, request(IF_MATCH="3"))
    assert not gateway.calls


def test_if_match_is_dropped_when_contract_has_no_revision() -> None:
    gateway = Gateway(ASHA)
    route("POST", "/x", Knock)(gateway, request(IF_MATCH='"3"'))
    assert gateway.calls[0].if_match == ""


def test_revision_of_the_reply_becomes_its_etag() -> None:
    assert ("ETag", '"3"') in route("PATCH", "/x", Edit)(Gateway(ASHA), request())[1]


def test_device_goes_to_the_service_only_without_roles() -> None:
    gateway = Gateway(ASHA)
    route("POST", "/x", Knock)(gateway, request(USER_AGENT="Ward App"))
    route("POST", "/x", Edit)(gateway, request(USER_AGENT="Ward App"))
    assert [call.device for call in gateway.calls] == ["Ward App", ""]


def test_composed_reply_is_for_the_contracts_roles() -> None:
    answer = composed("GET", "/x", Ask, lambda *_: {"answer": 1})
    with pytest.raises(Forbidden):
        answer(Gateway(ASHA), request(query="about=1"))
    with pytest.raises(Unauthenticated):
        answer(Gateway(ASHA), request(signed_in=False, query="about=1"))


def test_composed_reply_gets_the_contracts_fields() -> None:
    answer = composed("GET", "/x", Ask, lambda _gateway, _request, actor, asked: [sorted(actor.roles), asked.given()])
    admin = Gateway(Actor(id=UUID(int=2), roles=frozenset({Role.ADMIN})))
    status, _headers, body = answer(admin, request(query="about=7"))
    assert (status, orjson.loads(body)) == (200, [["admin"], {"about": 7}])
    with pytest.raises(Invalid):
        answer(admin, request(query="about=x"))


def test_composed_route_is_in_the_table() -> None:
    assert composed("GET", "/x", Ask, print).route == (
        "GET",
        "/x",
        Ask,
        None,
        200,
        frozenset({Role.ADMIN}),
        "",
        None,
        (),
    )


def test_composed_command_is_refused() -> None:
    with pytest.raises(TypeError):
        composed("POST", "/x", Edit, print)


def test_route_may_allow_fewer_roles_than_its_command() -> None:
    gateway, at_the_desk = Gateway(ASHA), route("POST", "/desk", Visit, roles={Role.RECEPTIONIST})
    with pytest.raises(Forbidden) as refused:
        at_the_desk(gateway, request())
    assert (refused.value.code, [call.key for call in gateway.calls]) == ("role_missing", [""])  # The audit entry.
    assert route("POST", "/own", Visit, roles={Role.PATIENT})(gateway, request())[0] == 200


@pytest.mark.parametrize(("command", "roles"), [(Visit, {Role.ADMIN}), (Visit, set()), (Knock, {Role.PATIENT})])
def test_route_is_refused_when_it_allows_more_roles_than_its_command(command: type[Command], roles: set[Role]) -> None:
    with pytest.raises(TypeError, match="but its route allows"):
        route("POST", "/x", command, roles=roles)


def test_created_record_has_a_location() -> None:
    made = route("POST", "/x", Edit, status=201, at="/api/x/{edit_id}")
    _status, headers, _body = made(Gateway(ASHA, b'{"id":"7","revision":1}'), request())
    assert ("Location", "/api/x/7") in headers


def test_location_names_the_parents_of_a_created_record() -> None:
    made = route("POST", "/x", Edit, status=201, at="/api/patients/{patient_id}/x/{edit_id}")
    _status, headers, _body = made(Gateway(ASHA, b'{"id":"7","patient_id":"3"}'), request())
    assert ("Location", "/api/patients/3/x/7") in headers


def test_ended_session_is_refused_at_once_by_this_gateway() -> None:
    gateway, other = Gateway(ASHA), UUID(int=8)
    route("POST", "/x", LogOut)(gateway, request())
    route("DELETE", "/x/{session_id}", EndSession)(gateway, request(path={"session_id": str(other)}))
    assert set(gateway.verifier.revoked.until) == {ASHA.session_id, other}
    assert min(gateway.verifier.revoked.until.values()) > time.time() + ACCESS_LIFE.total_seconds()
