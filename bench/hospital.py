"""Matron as a target: every service and the gateway in a separate process, as in production."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import orjson

from bench import clinical, seeds
from bench.cpu import COMMON, Watch
from bench.servers import Servers
from bench.targets import Requests, Target, Tokens, request
from chassis.config import SERVICES
from services.auth.passwords import hash_now
from services.auth.sessions.keys import newest
from tests.hospital import Hospital, served_hospital
from tokens import AUDIENCE, ISSUER, sign

OWNERS = {
    "login": "auth",
    "slots": "scheduling",
    "list": "scheduling",
    "book": "scheduling",
    "vitals": "clinical",
    "history": "clinical",
    "result": "clinical",
}
"""The service that answers each operation."""
LIFE_SECONDS = 36_000


@contextmanager
def matron(servers: Servers, folder: Path) -> Iterator[tuple[Target, dict[str, str]]]:
    """Start the hospital with people and appointments; yield the target and the URLs of its databases."""
    urls = {name: servers.database_url(name) for name in SERVICES}
    with served_hospital(folder, servers.amqp_url, urls) as hospital:
        _seed_auth(urls["auth"])
        _seed_scheduling(urls["scheduling"])
        clinical.seed(urls["clinical"])
        tokens = _tokens(folder)
        requests = {**_requests(tokens), **clinical.requests(tokens)}
        yield Target("matron", hospital.url, requests, _watching(hospital, servers, urls)), urls


def _watching(hospital: Hospital, servers: Servers, urls: dict[str, str]) -> Callable[[str], Watch]:
    """Watch the gateway, the answering service, broker and database; all other services as `others`."""

    def watch(operation: str) -> Watch:
        trees = {} if servers.broker_pid is None else {servers.broker_pid: "broker"}
        databases = {COMMON: "database"}
        for name, process in hospital.processes.items():
            is_owner = name == OWNERS[operation]
            trees[process.pid] = "gateway" if name == "gateway" else "service" if is_owner else "others"
            if name in urls:
                databases[urlsplit(urls[name]).path[1:]] = "database" if is_owner else "others"
        return Watch(trees, servers.database_pid, databases)

    return watch


def _tokens(folder: Path) -> Tokens:
    """Sign access tokens with the hospital's key."""
    key_id, key = newest(folder / "keys" / "private")
    now = int(time.time())
    life: dict[str, Any] = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + LIFE_SECONDS}

    @cache
    def token_of(person_id: UUID, role: str) -> str:
        ids = {"sub": str(person_id), "sid": str(uuid4()), "jti": str(uuid4())}
        rights = {"roles": [role], "verified": True}
        return sign(key, key_id, {**life, **rights, **ids})

    return token_of


def _requests(tokens: Tokens) -> dict[str, Requests]:
    def token_of(patient: int) -> str:
        return tokens(seeds.patient_id(patient), "patient")

    def login(number: int) -> str:
        body = {"email": seeds.email(number % seeds.READERS), "password": seeds.PASSWORD}
        return request("POST", "/api/auth/login", body=orjson.dumps(body).decode())

    def slots(number: int) -> str:
        path = f"/api/doctors/{seeds.doctor_id(number % seeds.DOCTORS)}/slots"
        return request("GET", path, token_of(number % seeds.READERS))

    def list_(number: int) -> str:
        return request("GET", "/api/patient/appointments?limit=20", token_of(number % seeds.READERS))

    def book(number: int) -> str:
        booker, doctor, starts_at = seeds.booking(number)
        body = {"doctor_id": seeds.doctor_id(doctor), "starts_at": starts_at, "reason": "follow-up visit"}
        return request("POST", "/api/patient/book-appointment", token_of(booker), orjson.dumps(body).decode())

    reads = {"login": Requests(login), "slots": Requests(slots), "list": Requests(list_)}
    return {**reads, "book": Requests(book, once=True)}


def _seed_auth(url: str) -> None:
    hashed = hash_now(seeds.PASSWORD)
    person = seeds.PATIENT_ID.format("g")
    seeds.fill(
        url,
        f"""
        INSERT INTO account (id, email, email_key, name, password_hash, status, created_at)
        SELECT {person}, 'patient-' || g || '@bench.example', 'patient-' || g || '@bench.example', 'Patient ' || g,
            '{hashed}', 'active', now()
        FROM generate_series(0, {seeds.READERS - 1}) g
        """,  # noqa: S608  the words are ours
        "INSERT INTO role_grant (user_id, role, granted_at) SELECT id, 'patient', now() FROM account",
    )


def _seed_scheduling(url: str) -> None:
    doctor, doctors = seeds.DOCTOR_ID.format("g"), seeds.DOCTORS - 1
    seeds.fill(
        url,
        f"""
        INSERT INTO doctor (id, name, specialization, changed_by)
        SELECT {doctor}, 'Dr ' || g, 'general', g + 1 FROM generate_series(0, {doctors}) g
        """,  # noqa: S608  the words are ours
        """
        INSERT INTO availability_rule (doctor_id, weekday, "from", "to", slot_minutes)
        SELECT id, weekday, '09:00', '17:00', 30 FROM doctor, generate_series(0, 6) weekday
        """,
        seeds.visits("id, doctor_id, patient_id, starts_at, ends_at, status, reason, revision, created_at", "1, now()"),
    )
