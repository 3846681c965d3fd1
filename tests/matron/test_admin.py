"""`matron admin create` finds the database of a folder of `matron run` as well as that of the settings."""

from pathlib import Path

import pytest
from sqlalchemy import select

from chassis.persistence.database import Database
from matron.migrations import migrate
from services.auth.models.accounts import Account
from tests.matron.conftest import Matron

EMAIL = "asha@hospital.example"
CREATE = ("admin", "create", EMAIL, "--name", "Asha Rao", "--password", "copper-lantern-orbit-70")


def auth(folder: Path) -> Database:
    """The database of auth in a folder."""
    folder.mkdir(exist_ok=True)
    database = Database(f"sqlite:///{folder}/auth.db")
    migrate("auth", database)
    return database


def emails(folder: Path) -> list[str]:
    """The addresses of all accounts in a folder."""
    database = auth(folder)
    with database.read() as session:
        found = list(session.scalars(select(Account.email)))
    database.close()
    return found


@pytest.fixture(autouse=True)
def _without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTH_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def test_an_admin_is_made_in_the_folder_that_is_named(
    tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch
) -> None:
    auth(tmp_path / "hospital").close()
    monkeypatch.setenv("AUTH_DATABASE_URL", "sqlite:////nowhere/at/all/auth.db")
    assert matron(*CREATE, "--data", tmp_path / "hospital") == (0, f"{EMAIL} is an admin now\n", "")
    assert emails(tmp_path / "hospital") == [EMAIL]


def test_an_admin_is_made_in_the_folder_of_run_when_nothing_is_named(tmp_path: Path, matron: Matron) -> None:
    auth(tmp_path / "var").close()
    assert matron(*CREATE) == (0, f"{EMAIL} is an admin now\n", "")
    assert emails(tmp_path / "var") == [EMAIL]


def test_the_database_of_the_settings_goes_before_the_folder_of_run(
    tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("var", "server"):
        auth(tmp_path / name).close()
    monkeypatch.setenv("AUTH_DATABASE_URL", f"sqlite:///{tmp_path}/server/auth.db")
    assert matron(*CREATE)[0] == 0
    assert (emails(tmp_path / "var"), emails(tmp_path / "server")) == ([], [EMAIL])


def test_a_folder_without_a_database_is_named(tmp_path: Path, matron: Matron) -> None:
    assert matron(*CREATE, "--data", tmp_path) == (2, "", f"matron: there is no {tmp_path}/auth.db\n")
    told = "matron: AUTH_DATABASE_URL is missing, and there is no var/auth.db of `matron run`\n"
    assert matron(*CREATE) == (2, "", told)
