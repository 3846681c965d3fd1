"""Databases of newer and older versions of Matron, and `--version`."""

from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis.config import SERVICES
from chassis.persistence.database import Database
from matron.checks import newest
from matron.migrations import migrate
from tests.databases import KINDS
from tests.matron.conftest import Matron
from tests.matron.outboxes import NOON, say

NEWER = "0999"
ADMIN = ("admin", "create", "asha@hospital.example", "--name", "Asha Rao", "--password", "copper-lantern-orbit-70")
REPLAY = ("events", "replay", "auth", "--since", "2026-11-01", "--to", "scheduling.on_doctor_approved")


def give_revision(url: str, revision: str, service: str = "auth") -> str:
    """Create the database of a service with a given revision. Return its URL."""
    database = Database(url)
    migrate(service, database)
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    database.close()
    return url


@pytest.mark.parametrize("kind", KINDS)
def test_migrate_leaves_a_newer_database_unchanged(
    kind: str, tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    made = f"sqlite:///{tmp_path}/auth.db" if kind == "sqlite" else request.getfixturevalue("database_url")
    monkeypatch.setenv("AUTH_DATABASE_URL", give_revision(made, NEWER))
    expected = f"auth ... {NEWER} is newer than this Matron ({newest('auth')}): not changed\n"
    assert matron("migrate", "auth") == (0, expected, "")
    assert matron("migrate", "auth") == (0, expected, "")


def test_migrate_updates_the_other_databases_beside_a_newer_one(
    tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in SERVICES:
        monkeypatch.setenv(f"{service.upper()}_DATABASE_URL", f"sqlite:///{tmp_path}/{service}.db")
    give_revision(f"sqlite:///{tmp_path}/auth.db", NEWER)
    code, out, _err = matron("migrate")
    rows = [line.split()[2] for line in out.splitlines()]
    assert (code, rows) == (0, [NEWER, *[newest(service) for service in SERVICES if service != "auth"]])


def test_error_names_an_unknown_revision(tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_DATABASE_URL", give_revision(f"sqlite:///{tmp_path}/auth.db", "0001a"))
    code, out, err = matron("migrate", "auth")
    assert (code, out, err.count("\n"), "AUTH_DATABASE_URL" in err, "0001a" in err) == (2, "", 1, True, True)


@pytest.mark.parametrize(("command", "expected"), [(ADMIN, "is an administrator now"), (REPLAY, "1 sent to")])
def test_commands_work_on_a_newer_database(
    folder: Path, matron: Matron, command: tuple[str, ...], expected: str
) -> None:
    say(folder, NOON)
    give_revision(f"sqlite:///{folder}/auth.db", NEWER)
    code, out, err = matron(*command, "--data", folder)
    assert (code, expected in out, err) == (0, True, "")


@pytest.mark.parametrize("command", [ADMIN, REPLAY])
def test_error_names_an_older_database(folder: Path, matron: Matron, command: tuple[str, ...]) -> None:
    give_revision(f"sqlite:///{folder}/auth.db", "0001")
    code, out, err = matron(*command, "--data", folder)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "AUTH_DATABASE_URL: the database is older than this Matron: run `matron migrate auth`" in err


def test_error_names_an_invalid_broker_file(folder: Path, matron: Matron) -> None:
    (folder / "broker.db").write_bytes(b"garbage " * 1000)
    for command in (("dead", "list"), ("dead", "drop", "auth", "1", "--yes")):
        code, out, err = matron(*command, "--data", folder)
        assert (code, out, err) == (2, "", f"matron: {folder}/broker.db cannot be used: file is not a database\n")


@pytest.mark.parametrize("command", [("migration", "gateway", "--message", "x"), ("migrate", "gateway")])
def test_migrate_of_gateway_is_refused_with_the_names_of_services(matron: Matron, command: tuple[str, ...]) -> None:
    code, _out, err = matron(*command)
    assert (code, [name for name in SERVICES if name not in err], "Traceback" in err) == (2, [], False)


def test_version_is_that_of_the_distribution(matron: Matron) -> None:
    assert matron("--version") == (0, f"matron {version('matron')}\n", "")
