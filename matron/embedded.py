"""`matron run`: all services, the gateway and the broker in one process, with SQLite files."""

import os
import shlex
import sys
import warnings
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import eventlet
from rich.console import Console
from sqlalchemy.exc import SAWarning

from chassis import config
from chassis.config import SERVICES, Config, ConfigError
from chassis.persistence.database import Database
from matron import demo as demonstration
from matron import environment
from matron.installation import lock, usable
from matron.migrations import migrate
from matron.network import Listening
from matron.runner import Runner
from matron.services import CLASSES, check_roles, service_class
from services.auth.sessions.keys import ensure_key
from telemetry import logs
from transports.embedded import open_broker

BROKER = "matron"
READY_SECONDS = 20.0
ANOTHER_PORT = 'Use another port: `matron run --port 8001`, or `make run ARGS="--port 8001"`'
WITHOUT_DEMO = "Add --no-demo, or --demo-on-network to allow it"
OTHER_FOLDER = "This folder contains them: use another with --data, or add --demo-on-network to allow it"
PRIVATE = 0o077
"""Umask: other users of this machine get no access. The files hold charts, and mails with sign-in links."""


def settings(port: int, data: Path) -> dict[str, str]:
    """The environment variables that the embedded mode always sets. The README lists them."""
    return {
        "AMQP_URL": f"embedded://{{service}}@{BROKER}",  # One account for each service, as on RabbitMQ.
        **{f"{name.upper()}_DATABASE_URL": f"sqlite:///{data}/{name}.db" for name in SERVICES},
        "JWKS_FILE": f"{data}/keys/jwks.json",
        "SIGNING_KEYS": f"{data}/keys/private",
        "MAIL_URL": f"file://{data}/mail",
        "ATTACHMENTS_URL": os.environ.get("ATTACHMENTS_URL", "") or f"file://{data}/attachments",
        "HTTP_PORT": str(port),
        "HEALTH_PORT": "0",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOW_SANDBOX_PAYMENTS": "true",
    }


def run(port: int, data: Path, *, demo: bool, demo_on_network: bool, out: Console) -> int:
    """Prepare the folder, start all services, print the addresses, and run until Ctrl-C. Return the exit code.

    `ConfigError` if the network could sign in as the demo people, unless `demo_on_network`.
    """
    data = data.absolute()
    os.umask(PRIVATE)
    warnings.simplefilter("ignore", SAWarning)  # Ctrl-C may interrupt a connection in use: no cure.
    os.environ.update(settings(port, data))
    chosen = check_roles(environment.load(services=SERVICES))
    listening = Listening.at(chosen.http_host)
    guarded = not (listening.is_local or demo_on_network)
    if guarded and demo:
        raise _exposed(listening, WITHOUT_DEMO)
    chosen = config.use(replace(chosen, public_url=listening.url(port)))
    with usable(data):
        data.mkdir(parents=True, exist_ok=True)
        _lock = lock(data)  # Until the process ends: only one process may open the broker's file.
    bring_up(chosen, data)
    if guarded and demonstration.has_public_password(chosen):
        raise _exposed(listening, OTHER_FOLDER)
    people = demonstration.create_people(chosen) if demo else []
    runner = Runner(chosen, [service_class(name) for name in CLASSES])
    try:
        runner.start()
    except OSError as error:
        out.print(f"[red]matron:[/red] port {port} cannot be used: {error.strerror}. {ANOTHER_PORT}")
        return 1
    wait_until_ready(runner)
    if demo:
        demonstration.give_hours(chosen)
        demonstration.fill_charts(chosen)
    say_hello(out, listening, chosen, data, people)
    code = runner.run()
    sys.stdout.flush()
    return code


def _exposed(listening: Listening, cure: str) -> ConfigError:
    """The error for demo people, whose password is public, on an address that the network reaches."""
    return ConfigError(f"HTTP_HOST: the network could sign in as the demo people at {listening.host}. {cure}")


def bring_up(chosen: Config, data: Path) -> None:
    """Prepare log, keys, tables and the broker's file. `ConfigError` if a file cannot be used."""
    with usable(data / "matron.log"):
        logs.set_up_logging(chosen.log_level, to_file=data / "matron.log")
    with usable(data / "keys"):
        ensure_key(chosen.signing_keys, chosen.jwks_file)
    for name in SERVICES:
        with usable(data / f"{name}.db"), closing(Database(chosen.database_url(name))) as database:
            migrate(name, database)
    with usable(data / "broker.db"):
        open_broker(BROKER, data / "broker.db")


def wait_until_ready(runner: Runner) -> None:
    """Wait until every service is ready."""
    with eventlet.Timeout(READY_SECONDS):
        while runner.health.failing():
            eventlet.sleep(0.02)


def say_hello(
    out: Console, listening: Listening, chosen: Config, data: Path, people: list[demonstration.Person]
) -> None:
    """Print the addresses and files, and the demo people or how to create an administrator."""
    out.print(f"Matron is ready at {chosen.public_url}, and described at {chosen.public_url}/docs")
    if listening.is_everywhere:
        out.print(f"  it listens on all addresses of this machine ({listening.host}): the network can reach it")
    elif not listening.is_local:
        out.print("  the network can reach it")
    out.print(f"  mails in {data}/mail, log in {data}/matron.log, Ctrl-C stops it")
    if people:
        out.print("\nSign in at POST /api/auth/login as")
        for person in people:
            out.print(f"  {person.role:<15}  {person.email:<28}  {demonstration.PASSWORD}")
    else:
        out.print("\nCreate an administrator, who assigns roles, in another terminal:")
        name = '--name "Your Name"'
        out.print(f"  {command()} admin create you@hospital.example {name} --data {shlex.quote(str(data))}")


def command() -> str:
    """The command that repeats this program in a terminal in the same folder."""
    return shlex.quote(sys.argv[0]) if Path(sys.argv[0]).name == "matron" else "matron"
