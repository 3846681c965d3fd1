"""`matron run` on an address that the network reaches: no demo people by accident, and a true banner."""

import io
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.console import Console

from chassis.config import ConfigError
from chassis.persistence.database import Database
from matron import demo, embedded, network
from matron.migrations import migrate
from matron.network import Listening
from services.auth import passwords
from services.auth.models.accounts import Account
from tests import ward
from tests.hospital import Hospital, Process, eventually
from tests.matron.conftest import Matron
from tests.servers.processes import free_ports

OWN = "10.20.30.40"
Banner = Callable[..., str]


@pytest.fixture
def banner(monkeypatch: pytest.MonkeyPatch) -> Banner:
    """`banner(host)`: the banner of a hospital that listens on this host, on port 8000."""
    monkeypatch.setattr(network, "_own_address", lambda _family: OWN)
    monkeypatch.setattr("sys.argv", [".venv/bin/matron", "run"])

    def hello(host: str, people: list[demo.Person] | None = None) -> str:
        out, listening = io.StringIO(), Listening.at(host)
        chosen = ward.settings(http_host=host, public_url=listening.url(8000))
        console = Console(file=out, highlight=False, soft_wrap=True)
        embedded.say_hello(console, listening, chosen, Path("/a folder"), people or [])
        return out.getvalue()

    return hello


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost"])
def test_loopback_host_is_local(host: str) -> None:
    assert Listening.at(host).is_local


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "2001:db8::7", "0"])  # noqa: S104  the subject of the test
def test_other_host_is_not_local(host: str) -> None:
    assert not Listening.at(host).is_local


def test_error_names_a_host_without_address() -> None:
    with pytest.raises(ConfigError, match=r"HTTP_HOST: nowhere\.invalid"):
        Listening.at("nowhere.invalid")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("localhost", "http://localhost:8000"),
        ("::1", "http://[::1]:8000"),
        ("192.0.2.7", "http://192.0.2.7:8000"),
        ("0.0.0.0", f"http://{OWN}:8000"),  # noqa: S104  the subject of the test
    ],
)
def test_banner_names_the_address_and_the_docs(banner: Banner, host: str, url: str) -> None:
    assert banner(host).splitlines()[0] == f"Matron is ready at {url}, and described at {url}/docs"


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", False), ("192.0.2.7", True), ("0.0.0.0", True)],  # noqa: S104  the subject of the test
)
def test_banner_states_whether_the_network_can_reach_it(banner: Banner, host: str, *, expected: bool) -> None:
    assert ("the network can reach it" in banner(host)) is expected
    assert ("all addresses of this machine (0.0.0.0)" in banner(host)) is (host == "0.0.0.0")  # noqa: S104  the subject of the test


def test_banner_without_demo_people_explains_admin_creation(banner: Banner) -> None:
    command = ".venv/bin/matron admin create you@hospital.example --name \"Your Name\" --data '/a folder'"
    assert command in banner("127.0.0.1")
    assert "admin create" not in banner("127.0.0.1", list(demo.PEOPLE))


def test_machine_without_network_is_addressed_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(network.ELSEWHERE, socket.AF_INET, "not an address")
    assert network._own_address(socket.AF_INET) == socket.gethostname()


def refused(host: str, *arguments: object) -> str:
    """The line that `matron run` prints when it refuses this host."""
    command = [sys.executable, "-m", "matron", "run", "--port", "0", *map(str, arguments)]
    environment = {**os.environ, "HTTP_HOST": host}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    return ended.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104  the subject of the test
def test_run_refuses_demo_people_on_the_network(tmp_path: Path, host: str) -> None:
    expected = refused(host, "--data", tmp_path / "hospital")
    assert [word for word in ("HTTP_HOST", host, "--no-demo", "--demo-on-network") if word not in expected] == []
    assert not (tmp_path / "hospital").exists()


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    """A folder with demo people of an earlier run."""
    database = Database(f"sqlite:///{tmp_path}/auth.db")
    migrate("auth", database)
    with database.begin() as session:
        demo._create_accounts(session)
    database.close()
    return tmp_path


def test_run_refuses_earlier_demo_people_on_the_network(accounts: Path) -> None:
    expected = refused("0.0.0.0", "--no-demo", "--data", accounts)  # noqa: S104  the subject of the test
    assert [word for word in ("HTTP_HOST", "--data", "--demo-on-network") if word not in expected] == []


def test_run_allows_demo_people_with_changed_passwords_on_the_network(accounts: Path) -> None:
    chosen = ward.settings(database_urls={"auth": f"sqlite:///{accounts}/auth.db"})
    assert demo.has_public_password(chosen)
    database = Database(chosen.database_url("auth"))
    with database.begin() as session:
        for account in session.query(Account):
            account.password_hash = passwords.hash_now("copper-lantern-orbit-70")
    database.close()
    assert not demo.has_public_password(chosen)


@pytest.fixture
def on_ipv6(tmp_path: Path) -> Iterator[Hospital]:
    """A hospital without demo people that listens on `::1`."""
    (port,) = free_ports(1)
    url = f"http://[::1]:{port}"
    command = [sys.executable, "-m", "matron", "run", "--no-demo", "--port", str(port), "--data", str(tmp_path)]
    process = Process("matron", command, {"HTTP_HOST": "::1"}, tmp_path / "terminal.log")
    hospital = Hospital(tmp_path, port, [process], [url])
    hospital.url = url
    try:
        hospital.start()
        yield hospital
    finally:
        hospital.stop()


def test_banner_of_a_running_hospital_leads_to_its_first_admin(
    on_ipv6: Hospital, matron: Matron, monkeypatch: pytest.MonkeyPatch
) -> None:
    banner = eventually(lambda: "admin create" in (text := on_ipv6.processes["matron"].text()) and text)
    assert f"ready at {on_ipv6.url}," in str(banner)
    [line] = [line for line in str(banner).splitlines() if "admin create" in line]
    monkeypatch.setenv("MATRON_ADMIN_PASSWORD", "copper-lantern-orbit-70")
    assert matron(*shlex.split(line)[1:])[0] == 0
    body = {"email": "you@hospital.example", "password": "copper-lantern-orbit-70"}
    assert on_ipv6.call("POST", "/api/auth/login", json=body).status_code == 200
