"""`matron run`: all services, the gateway and the broker in one process, on SQLite files."""

import os
import sys
import warnings
from contextlib import closing
from pathlib import Path

import eventlet
from rich.console import Console
from sqlalchemy.exc import SAWarning

from chassis import config
from chassis.config import SERVICES, Config
from chassis.database import Database
from matron import demo as demonstration
from matron import environment
from matron.migrations import migrate
from matron.place import lock, usable
from matron.runner import Runner
from matron.services import CLASSES, check_roles, service_class
from services.auth.keys import ensure_key
from telemetry import logs
from transports.embedded import open_broker

BROKER = "matron"
READY_SECONDS = 20.0
ANOTHER_PORT = 'Choose another: `matron run --port 8001`, or `make run ARGS="--port 8001"`'
PRIVATE = 0o077
"""What others on this machine may do with our files: nothing. They hold charts, and mails with links that sign in."""


def settings(port: int, data: Path) -> dict[str, str]:
    """The environment of the embedded mode, whatever it was: the README names what stands here."""
    return {
        "AMQP_URL": f"embedded://{BROKER}",
        **{f"{name.upper()}_DATABASE_URL": f"sqlite:///{data}/{name}.db" for name in SERVICES},
        "JWKS_FILE": f"{data}/keys/jwks.json",
        "SIGNING_KEYS": f"{data}/keys/private",
        "MAIL_URL": f"file://{data}/mail",
        "HTTP_PORT": str(port),
        "HEALTH_PORT": "0",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "ALLOW_SANDBOX_PAYMENTS": "true",
    }


def run(port: int, data: Path, *, demo: bool, out: Console) -> int:
    """Prepare the folder, start, say where things are, and work until Ctrl-C."""
    data = data.absolute()
    os.umask(PRIVATE)
    warnings.simplefilter("ignore", SAWarning)  # Of a connection in use when Ctrl-C came: nobody can do anything.
    with usable(data):
        data.mkdir(parents=True, exist_ok=True)
        _lock = lock(data)  # Until the process ends: the broker's file is for one process at a time.
    os.environ.update(settings(port, data))
    chosen = config.use(check_roles(environment.load(services=SERVICES)))
    with usable(data / "matron.log"):
        logs.set_up_logging(chosen.log_level, to_file=data / "matron.log")
    bring_up(chosen, data)
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
    say_hello(out, chosen, data, people)
    code = runner.run()
    sys.stdout.flush()
    return code


def bring_up(chosen: Config, data: Path) -> None:
    """Keys, tables and the broker's file. ConfigError: one of them is something else."""
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


def say_hello(out: Console, chosen: Config, data: Path, people: list[demonstration.Person]) -> None:
    """Where things are, and who may sign in."""
    out.print(f"Matron is ready at {chosen.public_url}")
    out.print(f"  mails in {data}/mail, log in {data}/matron.log, Ctrl-C ends it")
    if people:
        out.print("\nSign in at POST /api/auth/login as")
    for person in people:
        out.print(f"  {person.role:<15}  {person.email:<28}  {demonstration.PASSWORD}")
