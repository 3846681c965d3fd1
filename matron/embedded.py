"""`matron run`: all services, the gateway and the broker in one process, on SQLite files."""

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
from matron.migrations import migrate
from matron.network import Listening
from matron.place import lock, usable
from matron.runner import Runner
from matron.services import CLASSES, check_roles, service_class
from services.auth.sessions.keys import ensure_key
from telemetry import logs
from transports.embedded import open_broker

BROKER = "matron"
READY_SECONDS = 20.0
ANOTHER_PORT = 'Choose another: `matron run --port 8001`, or `make run ARGS="--port 8001"`'
WITHOUT_DEMO = "Add --no-demo, or --demo-on-network if that is meant"
OTHER_FOLDER = "They are in this folder: take another with --data, or add --demo-on-network if that is meant"
PRIVATE = 0o077
"""What others on this machine may do with our files: nothing. They hold charts, and mails with links that sign in."""


def settings(port: int, data: Path) -> dict[str, str]:
    """The environment of the embedded mode, whatever it was: the README names what stands here."""
    return {
        "AMQP_URL": f"embedded://{{service}}@{BROKER}",  # An account for each service, as on a server.
        **{f"{name.upper()}_DATABASE_URL": f"sqlite:///{data}/{name}.db" for name in SERVICES},
        "JWKS_FILE": f"{data}/keys/jwks.json",
        "SIGNING_KEYS": f"{data}/keys/private",
        "MAIL_URL": f"file://{data}/mail",
        "HTTP_PORT": str(port),
        "HEALTH_PORT": "0",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOW_SANDBOX_PAYMENTS": "true",
    }


def run(port: int, data: Path, *, demo: bool, demo_on_network: bool, out: Console) -> int:
    """Prepare the folder, start, say where things are, and work until Ctrl-C.

    `ConfigError` when others than this machine's users could sign in as demo people, unless `demo_on_network`.
    """
    data = data.absolute()
    os.umask(PRIVATE)
    warnings.simplefilter("ignore", SAWarning)  # Of a connection in use when Ctrl-C came: nobody can do anything.
    os.environ.update(settings(port, data))
    chosen = check_roles(environment.load(services=SERVICES))
    listening = Listening.at(chosen.http_host)
    guarded = not (listening.is_local or demo_on_network)
    if guarded and demo:
        raise _exposed(listening, WITHOUT_DEMO)
    chosen = config.use(replace(chosen, public_url=listening.url(port)))
    with usable(data):
        data.mkdir(parents=True, exist_ok=True)
        _lock = lock(data)  # Until the process ends: the broker's file is for one process at a time.
    bring_up(chosen, data)
    if guarded and demonstration.lets_in(chosen):
        raise _exposed(listening, OTHER_FOLDER)
    people = demonstration.make_people(chosen) if demo else []
    runner = Runner(chosen, [service_class(name) for name in CLASSES])
    try:
        runner.start()
    except OSError as error:
        out.print(f"[red]matron:[/red] port {port} cannot be used: {error.strerror}. {ANOTHER_PORT}")
        return 1
    wait_until_ready(runner)
    if demo:
        demonstration.give_hours(chosen)
    say_hello(out, listening, chosen, data, people)
    code = runner.run()
    sys.stdout.flush()
    return code


def _exposed(listening: Listening, cure: str) -> ConfigError:
    """The error of demo people, whose password is printed, on an address that others reach."""
    return ConfigError(f"HTTP_HOST: the network could sign in as the demo people at {listening.host}. {cure}")


def bring_up(chosen: Config, data: Path) -> None:
    """Log, keys, tables and the broker's file. ConfigError: one of them is something else."""
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
    """Return when every service takes work."""
    with eventlet.Timeout(READY_SECONDS):
        while runner.health.failing():
            eventlet.sleep(0.02)


def say_hello(
    out: Console, listening: Listening, chosen: Config, data: Path, people: list[demonstration.Person]
) -> None:
    """Say where things are, and who may sign in, or how that is made possible."""
    out.print(f"Matron is ready at {chosen.public_url}, and described at {chosen.public_url}/docs")
    if listening.is_everywhere:
        out.print(f"  it listens on all addresses of this machine ({listening.host}): the network reaches it")
    elif not listening.is_local:
        out.print("  the network reaches it")
    out.print(f"  mails in {data}/mail, log in {data}/matron.log, Ctrl-C ends it")
    if people:
        out.print("\nSign in at POST /api/auth/login as")
        for person in people:
            out.print(f"  {person.role:<15}  {person.email:<28}  {demonstration.PASSWORD}")
    else:
        out.print("\nMake an admin, who gives others their roles, in another terminal:")
        name = '--name "Your Name"'
        out.print(f"  {command()} admin create you@hospital.example {name} --data {shlex.quote(str(data))}")


def command() -> str:
    """How this program was called, as far as a terminal in the same folder can repeat it."""
    return shlex.quote(sys.argv[0]) if Path(sys.argv[0]).name == "matron" else "matron"
