"""FastAPI as a target: two uvicorn workers, a separate database on the same server, a separate venv."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import orjson

from bench import seeds
from bench.cpu import COMMON, Watch
from bench.rivals.process import answers, running
from bench.servers import Servers
from bench.targets import Requests, Target, request
from services.auth.passwords import hash_now
from tests.servers.processes import Unavailable, free_ports

HERE = Path(__file__).parent
REQUIREMENTS, SCHEMA = HERE / "requirements.txt", HERE / "fastapi_schema.sql"
VENV = HERE.parent / ".venv-rivals"
SECRET = "a-secret-that-only-this-benchmark-knows"  # noqa: S105  opens nothing
WORKERS = 2


@contextmanager
def fastapi(servers: Servers, folder: Path) -> Iterator[Target]:
    """Start the application with the same people and appointments."""
    python, (port,), database_url = installed(), free_ports(1), servers.database_url("fastapi")
    _seed(database_url)
    environment = {**os.environ, "DATABASE_URL": _asyncpg(database_url), "JWT_SECRET": SECRET}
    options = ["--app-dir", str(HERE), "--port", str(port), "--workers", str(WORKERS), "--log-level", "warning"]
    command = [str(python), "-m", "uvicorn", "fastapi_app:app", *options, "--no-access-log"]
    with running(command, folder / "fastapi.log", environment) as program:
        url = f"http://127.0.0.1:{port}"
        answers(f"{url}/health", program)
        databases = {COMMON: "database", urlsplit(database_url).path[1:]: "database"}
        watch = Watch({program.pid: "service"}, servers.database_pid, databases)
        yield Target("fastapi", url, _requests(), lambda _operation: watch)


def installed() -> Path:
    """Return the Python of the rivals' environment; create it if it is missing or outdated."""
    python, stamp = VENV / "bin" / "python", VENV / ".installed"
    wanted = sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"bench: installing the FastAPI rival into {VENV.name} (once)", flush=True)
        _do([sys.executable, "-m", "venv", "--clear", VENV])
        _do([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS])
        stamp.write_text(wanted)
    return python


def _do(command: list[str | Path]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"the FastAPI rival cannot be installed: {done.stderr.strip()[-300:]}")


def _asyncpg(url: str) -> str:
    return "postgresql+asyncpg" + url[url.index("://") :]


@cache
def _token(patient: int) -> str:
    claims = {"sub": str(seeds.patient_id(patient)), "exp": int(time.time()) + 36_000}
    return jwt.encode(claims, SECRET, "HS256")


def _requests() -> dict[str, Requests]:
    def login(number: int) -> str:
        body = {"email": seeds.email(number % seeds.READERS), "password": seeds.PASSWORD}
        return request("POST", "/login", body=orjson.dumps(body).decode())

    def list_(number: int) -> str:
        return request("GET", "/appointments?limit=20", _token(number % seeds.READERS))

    def book(number: int) -> str:
        booker, doctor, starts_at = seeds.booking(number)
        body = {"doctor_id": seeds.doctor_id(doctor), "starts_at": starts_at, "reason": "follow-up visit"}
        return request("POST", "/appointments", _token(booker), orjson.dumps(body).decode())

    return {"login": Requests(login), "list": Requests(list_), "book": Requests(book, once=True)}


def _seed(url: str) -> None:
    hashed, doctors, patients = hash_now(seeds.PASSWORD), seeds.DOCTORS - 1, seeds.READERS + seeds.BOOKERS - 1
    doctor, patient = seeds.DOCTOR_ID.format("g"), seeds.PATIENT_ID.format("g")
    seeds.fill(
        url,
        *SCHEMA.read_text().split(";\n")[:-1],
        f"INSERT INTO doctor SELECT {doctor}, 'Dr ' || g FROM generate_series(0, {doctors}) g",  # noqa: S608  the words are ours
        f"INSERT INTO patient SELECT {patient} FROM generate_series(0, {patients}) g",  # noqa: S608  the words are ours
        f"""
        INSERT INTO account SELECT {patient}, 'patient-' || g || '@bench.example', '{hashed}'
        FROM generate_series(0, {seeds.READERS - 1}) g
        """,  # noqa: S608  the words are ours
        seeds.visits("id, doctor_id, patient_id, starts_at, ends_at, status, reason, revision", "1"),
    )
