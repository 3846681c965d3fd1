"""The Python client of openapi-python-client is typed, calls a hospital, and reads its errors."""

import importlib
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.guards.house import ROOT
from tests.hospital import Hospital
from tests.people import PASSWORD, Person, verified_patient

PACKAGE = "matron_client"
USAGE = """
from matron_client.models.book_appointment_patient_conflict_problem import BookAppointmentPatientConflictProblem
from matron_client.models.book_appointment_patient_conflict_problem_code import (
    BookAppointmentPatientConflictProblemCode as Code,
)

def following(problem: BookAppointmentPatientConflictProblem) -> str:
    if problem.code is Code.SLOT_TAKEN:
        return "choose another time"
    return problem.detail
"""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate a client without warnings, and return its folder."""
    folder = tmp_path_factory.mktemp("python") / "client"
    options = ["--path", ROOT / "docs" / "openapi.json", "--output-path", folder, "--fail-on-warning"]
    command = [sys.executable, "-m", "openapi_python_client", "generate", *options]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }  # It runs ruff.
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def client(generated: Path) -> Iterator[Any]:
    """Import the generated package."""
    sys.path.insert(0, str(generated))
    yield importlib.import_module(PACKAGE)
    sys.path.remove(str(generated))
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def person(hospital: Hospital) -> Person:
    """Return a person with an account."""
    return verified_patient(hospital)


def part(path: str) -> Any:
    """Return a module of the generated package."""
    return importlib.import_module(f"{PACKAGE}.{path}")


def test_client_modules_are_importable_with_their_operations(client: Any) -> None:
    names = [one.name for one in pkgutil.walk_packages(client.__path__, f"{PACKAGE}.")]
    for name in names:
        importlib.import_module(name)
    operations = {name.rpartition(".")[2] for name in names if ".api." in name}
    assert {"log_in", "book_appointment_patient", "list_slots", "pay_invoice"} <= operations


def test_program_with_the_client_passes_mypy(generated: Path, tmp_path: Path) -> None:
    (generated / "usage.py").write_text(USAGE)
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path, PACKAGE, "usage.py"]
    done = subprocess.run(command, cwd=generated, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def log_in(client: Any, person: Person, password: str) -> Any:
    """Log in with the client, and return its result."""
    body = part("models").LogInBody(email=person.email, password=password)
    with client.Client(base_url=person.hospital.url) as asking:
        return part("api.sessions.log_in").sync(client=asking, body=body)


def test_client_reads_a_reply(client: Any, person: Person) -> None:
    tokens = log_in(client, person, PASSWORD)
    assert isinstance(tokens, part("models").TokensView)
    with client.AuthenticatedClient(base_url=person.hospital.url, token=tokens.access_token) as asking:
        me = part("api.accounts.get_me").sync(client=asking)
    assert (me.email, str(me.id)) == (person.email, person.id)
    assert me.roles == [part("models").Role.PATIENT]


def test_client_reads_the_code_of_an_error(client: Any, person: Person) -> None:
    refused = log_in(client, person, "not the password")
    assert isinstance(refused, part("models").LogInUnauthenticatedProblem)
    assert refused.code is part("models").LogInUnauthenticatedProblemCode.LOGIN_FAILED


def test_client_reads_the_messages_of_fields(client: Any, person: Person) -> None:
    refused = log_in(client, person, "")
    assert refused.code is part("models").UnkeyedInvalidProblemCode.INVALID
    assert list(refused.errors.additional_properties) == ["password"]
