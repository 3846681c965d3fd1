"""Ended sessions are refused everywhere at once, and rotated keys interrupt no request."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
from nameko.exceptions import RemoteError
from nameko.standalone.rpc import ClusterRpcProxy
from sqlalchemy import func, select

from chassis.errors import Unauthenticated
from chassis.messaging.outbox import LOCK
from chassis.persistence.database import Database
from tests.hospital import Hospital, another_gateway, eventually
from tests.people import PASSWORD, Person, approved_doctor, sign_in, verified_patient

AT_ONCE = 1.0
"""Seconds until an ended session is refused everywhere."""


def code_at(url: str, token: str, path: str = "/api/users/me") -> str:
    """Send a request, and return `ok` or the code of the refusal."""
    reply = requests.get(url + path, headers={"Authorization": f"Bearer {token}"}, timeout=5)
    return "ok" if reply.status_code == 200 else str(reply.json()["code"])


def refused_everywhere(gateways: list[str], token: str) -> bool:
    """Whether every gateway refuses the session as ended."""
    return all(code_at(url, token) == "session_ended" for url in gateways)


def _sign_out(person: Person, _admin: Person) -> None:
    person.post("/api/auth/logout")


def _sign_out_elsewhere(person: Person, _admin: Person) -> None:
    sign_in(person.hospital, person.email).post("/api/auth/logout", all=True)


def _end_by_another_device(person: Person, _admin: Person) -> None:
    other = sign_in(person.hospital, person.email)
    [mine] = [one for one in other.get("/api/users/me/sessions")["items"] if not one["current"]]
    other.ask("DELETE", f"/api/users/me/sessions/{mine['id']}")


def _steal_a_refresh_token(person: Person, _admin: Person) -> None:
    refresh = lambda token: person.hospital.call("POST", "/api/auth/refresh", json={"refresh_token": token})  # noqa: E731
    successor = refresh(person.refresh_token).json()["refresh_token"]
    assert refresh(successor).status_code == 200
    assert refresh(person.refresh_token).status_code == 401


def _change_the_password_elsewhere(person: Person, _admin: Person) -> None:
    other = sign_in(person.hospital, person.email)
    other.post("/api/users/me/password", current_password=PASSWORD, password=f"{PASSWORD}-anew")
    assert other.get("/api/users/me")["email"] == person.email


def _deactivate(person: Person, admin: Person) -> None:
    body = {"status": "deactivated"}
    reply = admin.hospital.call("PATCH", f"/api/admin/users/{person.id}", token=admin.token, json=body)
    assert reply.status_code == 200, reply.text


def _take_a_role(person: Person, admin: Person) -> None:
    admin.ask("PUT", f"/api/admin/users/{person.id}/roles", roles=["patient", "nurse"])
    admin.ask("PUT", f"/api/admin/users/{person.id}/roles", roles=["patient"])


ENDINGS = [
    _sign_out,
    _sign_out_elsewhere,
    _end_by_another_device,
    _steal_a_refresh_token,
    _change_the_password_elsewhere,
    _deactivate,
    _take_a_role,
]


@pytest.mark.parametrize("end", ENDINGS, ids=lambda end: end.__name__.strip("_"))
def test_ended_session_is_refused_by_every_gateway_at_once(
    hospital: Hospital, admin: Person, gateways: list[str], end: Callable[[Person, Person], None]
) -> None:
    person = verified_patient(hospital)
    assert [code_at(url, person.token) for url in gateways] == ["ok"] * len(gateways)
    end(person, admin)
    assert eventually(lambda: refused_everywhere(gateways, person.token), seconds=AT_ONCE, every=0.02)


ON_SERVERS = pytest.mark.parametrize("hospital", [pytest.param("servers", marks=pytest.mark.servers)], indirect=True)


@ON_SERVERS
def test_later_gateway_refuses_earlier_ended_sessions(hospital: Hospital) -> None:
    person = verified_patient(hospital)
    person.post("/api/auth/logout")
    with another_gateway(hospital) as third:
        assert code_at(third, person.token) == "session_ended"


@ON_SERVERS
def test_gateways_refuse_an_ended_session_without_its_event(hospital: Hospital, gateways: list[str]) -> None:
    person, auth = verified_patient(hospital), hospital.processes["auth"].environment
    with Database(auth["AUTH_DATABASE_URL"]).autocommit() as holder:
        holder.execute(select(func.pg_advisory_lock(LOCK)))
        person.post("/api/auth/logout")
        assert eventually(lambda: refused_everywhere(gateways, person.token), seconds=2.0, every=0.05)
        holder.invalidate()


@ON_SERVERS
def test_service_refuses_an_ended_session(hospital: Hospital) -> None:
    person = verified_patient(hospital)
    person.post("/api/auth/logout")
    url = hospital.processes["scheduling"].environment["AMQP_URL"]
    with ClusterRpcProxy({"AMQP_URI": url}, context_data={"auth_token": person.token}, timeout=10) as services:
        ask: Any = services.scheduling.list_doctors
        assert eventually(lambda: _refusal(ask) == "session_ended", seconds=AT_ONCE)


def _refusal(ask: Callable[[], Any]) -> str:
    try:
        ask()
    except (Unauthenticated, RemoteError) as error:
        return str(error.args[0])
    return ""


def test_key_rotation_interrupts_no_request(hospital: Hospital, gateways: list[str]) -> None:
    person, codes, done = verified_patient(hospital), list[str](), threading.Event()
    asking = threading.Thread(target=_ask_on, args=(gateways, person.token, codes, done))
    asking.start()
    try:
        _rotate(hospital)
        fresh = [sign_in(hospital, person.email) for _ in range(3)]
        assert {code_at(url, one.token) for url in gateways for one in fresh} == {"ok"}
    finally:
        done.set()
        asking.join()
    assert (set(codes), len(codes) > 10) == ({"ok"}, True)


def _ask_on(gateways: list[str], token: str, codes: list[str], done: threading.Event) -> None:
    while not done.is_set():
        codes += [code_at(url, token) for url in gateways]


def _rotate(hospital: Hospital) -> None:
    folder = hospital.folder / "keys"
    environment = {"JWKS_FILE": str(folder / "jwks.json"), "SIGNING_KEYS": str(folder / "private")}
    command = [sys.executable, "-m", "matron", "keys", "rotate"]
    subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)


def test_new_roles_apply_after_the_next_refresh(hospital: Hospital, admin: Person) -> None:
    person = approved_doctor(hospital, admin)
    told = hospital.call("POST", "/api/auth/refresh", json={"refresh_token": person.refresh_token}).json()
    assert told["user"]["roles"] == ["doctor", "patient"]
