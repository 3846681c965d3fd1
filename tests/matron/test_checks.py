"""A wrong setting ends a command in one line, which names the setting and the expected form."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from chassis.persistence.database import Database
from matron import environment
from matron.migrations import migrate
from services.auth.sessions.keys import make_key
from tests.matron.conftest import Matron

WRONG = {
    "AMQP_URL": ("hello", "http://x", "amqp://", "amqp://host:port", "amqp://host:99999"),
    "AUTH_DATABASE_URL": ("hello", "mysql://host/auth", "postgresql://host:99999/auth", "postgresql:///auth"),
    "HTTP_PORT": ("eighty", "99999", "-1"),
    "HEALTH_PORT": ("99999",),
    "WORKERS": ("0", "-3", "many"),
    "LOG_LEVEL": ("LOUD",),
    "RETRY_DELAYS": ("-1,0", "", "soon", "nan", "inf"),
    "CURRENCY": ("euros", "EURO", ""),
    "MAIL_URL": ("ftp://x", "smtp://"),
    "MAIL_FROM": ("nonsense", "a@", "@b", "a@b, c@d", "Klinik, Nord <a@b>", ""),
    "PUBLIC_URL": ("foo", "https://"),
    "HOSPITAL_TIMEZONE": ("Moon/Tycho",),
    "MFA_REQUIRED_ROLES": ("king",),
}
CASES = [(name, value) for name, values in WRONG.items() for value in values]


@pytest.fixture
def right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, matron: Matron) -> Path:
    """Set a correct environment for the auth service, and return its folder."""
    for name in WRONG:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AMQP_URL", "amqp://127.0.0.1:1//")
    monkeypatch.setenv("AUTH_DATABASE_URL", f"sqlite:///{tmp_path}/auth.db")
    monkeypatch.setenv("JWKS_FILE", f"{tmp_path}/jwks.json")
    monkeypatch.setenv("SIGNING_KEYS", f"{tmp_path}/private")
    return tmp_path


def is_one_line(ended: tuple[int, str, str], *told: str) -> bool:
    """Whether a command ended with code 2 and one line that contains all these texts."""
    code, out, err = ended
    assert (code, out, err.count("\n"), err[:8]) == (2, "", 1, "matron: "), ended
    assert [part for part in told if part not in err] == []
    return True


@pytest.mark.parametrize(("name", "value"), CASES, ids=[f"{name}={value}" for name, value in CASES])
def test_error_names_a_wrong_setting(
    right: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert is_one_line(matron("serve", "auth"), name)


@pytest.mark.parametrize("sender", ["hospital@localhost", "Hospital <post@hospital.example>", '"Klinik, Süd" <a@b>'])
def test_sender_may_have_a_display_name(sender: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_FROM", sender)
    assert environment.load(needs=()).mail_from == sender


def test_error_shows_no_password_of_an_address(right: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMQP_URL", "http://user:open-sesame@host")
    monkeypatch.setenv("AUTH_DATABASE_URL", "postgresql://user:open-sesame@host:99999/x")
    ended = matron("serve", "auth")
    assert is_one_line(ended, "AMQP_URL: expected", "AUTH_DATABASE_URL: expected")
    assert "sesame" not in ended[2]


def test_error_names_missing_keys(right: Path, matron: Matron) -> None:
    assert is_one_line(matron("serve", "auth"), "JWKS_FILE", "matron keys")
    (right / "jwks.json").write_text('{"keys": []}')
    assert is_one_line(matron("serve", "auth"), "SIGNING_KEYS", "matron keys")


def test_rotation_is_refused_without_a_key(right: Path, matron: Matron) -> None:
    assert is_one_line(matron("keys", "rotate"), "SIGNING_KEYS")
    assert not (right / "private").exists()


@pytest.mark.parametrize(("process", "name"), [("auth", "HEALTH_PORT"), ("gateway", "HTTP_PORT")])
def test_error_names_a_port_in_use(right: Path, matron: Matron, process: str, name: str) -> None:
    migrate("auth", Database(f"sqlite:///{right}/auth.db"))
    matron("keys")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-W", "ignore", "-m", "matron", "serve", process]
        ended = subprocess.run(
            command, env={**os.environ, name: port}, capture_output=True, text=True, timeout=30, check=False
        )
    assert is_one_line((ended.returncode, ended.stdout, ended.stderr), name, port)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://auth:open-sesame@127.0.0.1:1/auth", "refused"),
        ("sqlite:////nowhere/at/all/auth.db", "unable to open"),
    ],
)
def test_error_names_an_unusable_database(
    right: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch, url: str, told: str
) -> None:
    monkeypatch.setenv("AUTH_DATABASE_URL", url)
    ended = matron("migrate", "auth")
    assert is_one_line(ended, "AUTH_DATABASE_URL", told)
    assert "sesame" not in ended[2]


@pytest.mark.servers
def test_error_names_a_missing_database(
    right: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    monkeypatch.setenv("AUTH_DATABASE_URL", f"{database_url.rpartition('/')[0]}/nowhere")
    assert is_one_line(matron("migrate", "auth"), "AUTH_DATABASE_URL", "nowhere")


ADMIN = ("admin", "create", "asha@hospital.example", "--name", "Asha Rao", "--password")


def test_admin_is_not_created_without_tables(right: Path, matron: Matron) -> None:
    assert is_one_line(matron(*ADMIN, "copper-lantern-orbit-70"), "AUTH_DATABASE_URL", "matron migrate auth")


def test_service_does_not_start_on_an_unmigrated_database(right: Path, matron: Matron) -> None:
    make_key(right / "private", right / "jwks.json")
    assert is_one_line(matron("serve", "auth"), "AUTH_DATABASE_URL", "older", "matron migrate auth")
    database = Database(f"sqlite:///{right}/auth.db")
    migrate("auth", database)
    with database.begin() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert is_one_line(matron("serve", "auth"), "AUTH_DATABASE_URL", "older", "matron migrate auth")


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_error_names_a_database_of_another_service(
    right: Path, matron: Matron, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    make_key(right / "private", right / "jwks.json")
    migrate("auth", Database(f"sqlite:///{right}/auth.db"))
    monkeypatch.setenv("CLINICAL_DATABASE_URL", f"sqlite:///{right}/auth.db")
    assert is_one_line(matron(command, "clinical"), "CLINICAL_DATABASE_URL", "not the database of clinical")


def test_error_names_wrong_fields_of_an_admin(right: Path, matron: Matron) -> None:
    migrate("auth", Database(f"sqlite:///{right}/auth.db"))
    assert is_one_line(matron("admin", "create", "asha", *ADMIN[3:], "copper-lantern-orbit-70"), "email: ")
    assert is_one_line(matron(*ADMIN, "short"), "password: ")
