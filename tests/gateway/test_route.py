"""A line of the table: what of a request goes to the service, and who is let through."""

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
    """Change something."""


class Knock(Command, service="test", roles=ANYONE, returns=View):
    """Something that anyone may ask for."""


class Ask(Query, service="gateway", roles=(Role.ADMIN,), returns=View):
    """A question that the gateway answers."""

    about: int


class Visit(Command, service="test", roles=(Role.PATIENT, Role.RECEPTIONIST), returns=View):
    """What a patient does, and the desk for a patient."""


class Gateway:
    """What routes need, with a service that keeps what it was called with."""

    def __init__(self, actor: Actor, body: bytes = b"{}") -> None:
        self.verifier = SimpleNamespace(known={"good": 1}, actor=lambda _token: actor, revoked=Revoked())
        self.body = body
        self.limits, self.lines = Limits(settings.load()), Lines()
        self.rpc, self.calls = self, list[Call]()

    def call(self, _service: str, _method: str, _payload: dict[str, Any], call: Call, _seconds: float) -> Any:
        """Answer as a service that has the record in its third revision."""
        self.calls.append(call)
        return SimpleNamespace(result_bytes=self.body, headers={"revision": 3})


@pytest.fixture(autouse=True)
def _no_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GENEROUS.items():
        monkeypatch.setenv(name, value)


def request(*, signed_in: bool = True, query: str = "", path: Any = (), **headers: str) -> Request:
    """A request with these headers."""
    told = {f"HTTP_{name}": value for name, value in headers.items()}
    told |= {"HTTP_AUTHORIZATION": "Bearer good"} if signed_in else {}
    return Request({"REQUEST_METHOD": "GET", "QUERY_STRING": query, **told}, "id", "192.0.2.1", dict(path))


def test_the_revision_that_the_caller_saw_goes_to_the_service() -> None:
    gateway = Gateway(ASHA)
    route("PATCH", "/x", Edit)(gateway, request(IF_MATCH='"3"'))
    assert gateway.calls[0].if_match == '"3"'


def test_a_malformed_precondition_never_reaches_a_service() -> None:
    gateway = Gateway(ASHA)
    with pytest.raises(BadRequest):
        route("PATCH", "/x", Edit)(gateway, request(IF_MATCH="3"))
    assert not gateway.calls


def test_a_precondition_that_nobody_checks_is_not_handed_on() -> None:
    gateway = Gateway(ASHA)
    route("POST", "/x", Knock)(gateway, request(IF_MATCH='"3"'))
    assert gateway.calls[0].if_match == ""


def test_a_revision_is_told_as_an_entity_tag() -> None:
    assert ("ETag", '"3"') in route("PATCH", "/x", Edit)(Gateway(ASHA), request())[1]


def test_only_where_anyone_may_ask_the_device_goes_to_the_service() -> None:
    gateway = Gateway(ASHA)
    route("POST", "/x", Knock)(gateway, request(USER_AGENT="Ward App"))
    route("POST", "/x", Edit)(gateway, request(USER_AGENT="Ward App"))
    assert [call.device for call in gateway.calls] == ["Ward App", ""]


def test_what_the_gateway_puts_together_is_for_the_contracts_roles_alone() -> None:
    answer = composed("GET", "/x", Ask, lambda *_: {"told": 1})
    with pytest.raises(Forbidden):
        answer(Gateway(ASHA), request(query="about=1"))
    with pytest.raises(Unauthenticated):
        answer(Gateway(ASHA), request(signed_in=False, query="about=1"))


def test_what_the_gateway_puts_together_comes_from_the_contracts_fields() -> None:
    answer = composed("GET", "/x", Ask, lambda _gateway, _request, actor, asked: [sorted(actor.roles), asked.given()])
    admin = Gateway(Actor(id=UUID(int=2), roles=frozenset({Role.ADMIN})))
    status, _headers, body = answer(admin, request(query="about=7"))
    assert (status, orjson.loads(body)) == (200, [["admin"], {"about": 7}])
    with pytest.raises(Invalid):
        answer(admin, request(query="about=x"))


def test_what_the_gateway_puts_together_stands_in_the_table_like_the_rest() -> None:
    assert composed("GET", "/x", Ask, print).route == ("GET", "/x", Ask, None, 200, frozenset({Role.ADMIN}), "")


def test_the_gateway_does_no_commands_by_itself() -> None:
    with pytest.raises(TypeError):
        composed("POST", "/x", Edit, print)


def test_a_route_may_be_for_fewer_than_its_command() -> None:
    gateway, at_the_desk = Gateway(ASHA), route("POST", "/desk", Visit, roles={Role.RECEPTIONIST})
    with pytest.raises(Forbidden) as refused:
        at_the_desk(gateway, request())
    assert (refused.value.code, [call.key for call in gateway.calls]) == ("role_missing", [""])  # Noted in the audit.
    assert route("POST", "/own", Visit, roles={Role.PATIENT})(gateway, request())[0] == 200


@pytest.mark.parametrize(("command", "roles"), [(Visit, {Role.ADMIN}), (Visit, set()), (Knock, {Role.PATIENT})])
def test_a_route_is_for_nobody_who_may_not_give_the_command(command: type[Command], roles: set[Role]) -> None:
    with pytest.raises(TypeError, match="and a route of it for"):
        route("POST", "/x", command, roles=roles)


def test_what_is_made_has_a_place_where_it_can_be_read() -> None:
    made = route("POST", "/x", Edit, status=201, at="/api/x/{edit_id}")
    _status, headers, _body = made(Gateway(ASHA, b'{"id":"7","revision":1}'), request())
    assert ("Location", "/api/x/7") in headers


def test_a_session_that_has_ended_here_lets_nobody_in_here() -> None:
    gateway, other = Gateway(ASHA), UUID(int=8)
    route("POST", "/x", LogOut)(gateway, request())
    route("DELETE", "/x/{session_id}", EndSession)(gateway, request(path={"session_id": str(other)}))
    assert set(gateway.verifier.revoked.until) == {ASHA.session_id, other}
    assert min(gateway.verifier.revoked.until.values()) > time.time() + ACCESS_LIFE.total_seconds()
