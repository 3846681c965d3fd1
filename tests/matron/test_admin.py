"""`matron admin create` finds the database in a folder of `matron run`, or in the settings."""

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
    """Create the database of auth in a folder."""
    folder.mkdir(exist_ok=True)
    database = Database(f"sqlite:///{folder}/auth.db")
    migrate("auth", database)
    return database


def emails(folder: Path) -> list[str]:
    """The e-mail addresses of all accounts in a folder."""
    database = auth(folder)
    with database.read() as session:
        found = list(session.scalars(select(Account.email)))
    database.close()
    return found


@pytest.fixture(autouse=True)
def _without_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTH_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)


def test_admin_is_created_in_the_given_folder(tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch) -> None:
    auth(tmp_path / "hospital").close()
    monkeypatch.setenv("AUTH_DATABASE_URL", "sqlite:////nowhere/at/all/auth.db")
    assert matron(*CREATE, "--data", tmp_path / "hospital") == (0, f"{EMAIL} is an administrator now\n", "")
    assert emails(tmp_path / "hospital") == [EMAIL]


def test_admin_is_created_in_the_default_folder_without_settings(tmp_path: Path, matron: Matron) -> None:
    auth(tmp_path / "var").close()
    assert matron(*CREATE) == (0, f"{EMAIL} is an administrator now\n", "")
    assert emails(tmp_path / "var") == [EMAIL]


def test_database_setting_has_priority_over_the_default_folder(
    tmp_path: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("var", "server"):
        auth(tmp_path / name).close()
    monkeypatch.setenv("AUTH_DATABASE_URL", f"sqlite:///{tmp_path}/server/auth.db")
    assert matron(*CREATE)[0] == 0
    assert (emails(tmp_path / "var"), emails(tmp_path / "server")) == ([], [EMAIL])


def test_error_names_a_folder_without_database(tmp_path: Path, matron: Matron) -> None:
    assert matron(*CREATE, "--data", tmp_path) == (2, "", f"matron: there is no {tmp_path}/auth.db\n")
    told = "matron: AUTH_DATABASE_URL is missing, and there is no var/auth.db of `matron run`\n"
    assert matron(*CREATE) == (2, "", told)
