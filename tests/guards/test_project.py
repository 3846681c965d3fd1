"""The statements of the project about itself: commands in pages, CI, generated documents."""

import inspect
import re
import tomllib

import pytest

from gateway.documents.openapi import as_text, document
from gateway.service import GatewayService
from services.scheduling.appointments import commands as appointments
from tests.guards.house import PRODUCT, ROOT

OPENAPI = ROOT / "docs" / "openapi.json"
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
MAKE = re.compile(r"(?:^|`|\$ )make ([a-z]+)", re.MULTILINE)


def targets() -> set[str]:
    """The targets of the Makefile."""
    return set(TARGET.findall((ROOT / "Makefile").read_text()))


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_each_make_command_of_a_page_is_there(page: str) -> None:
    named = set(MAKE.findall((ROOT / page).read_text()))
    assert named, f"{page} names no make command"
    assert named <= targets(), f"{page} names {named - targets()}, which the Makefile does not have"


def test_example_of_the_readme_matches_the_code() -> None:
    shown = re.search(r"^def book(\(.+\) -> .+): \.\.\.$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert shown, "the README shows a use case by its signature"
    signature = re.sub(r"[\w.]+\.(\w+)", r"\1", str(inspect.signature(appointments.book)))
    assert shown[1] == signature, "the README's example has gone stale"


def test_ci_runs_the_readmes_commands_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    run = [line for line in lines if line and not line.startswith(("#", "set ", "cd ", "export "))]
    named = set(MAKE.findall((ROOT / "README.md").read_text()))
    strange = [line for line in run if line.removeprefix("make ") not in named]
    assert not strange, f"CI runs {strange}: a reader of the README must be able to repeat CI"


def test_every_make_target_explains_itself() -> None:
    text = (ROOT / "Makefile").read_text()
    bare = [name for name in targets() if not re.search(rf"^{name}:.*## ", text, re.MULTILINE)]
    assert not bare, f"{bare}: `make help` is made of these words"


def test_coverage_measures_the_whole_product() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]
    assert tools["coverage"]["run"]["source"] == list(PRODUCT), "unmeasured code looks tested"


@pytest.mark.skipif(not OPENAPI.exists(), reason="docs/openapi.json has not been made yet")
def test_openapi_document_is_up_to_date() -> None:
    assert OPENAPI.read_text() == as_text(document(GatewayService)), "run `make docs`: clients are generated from it"


def test_every_service_has_the_same_few_files() -> None:
    for folder in sorted(path.parent for path in (ROOT / "services").glob("*/service.py")):
        missing = [name for name in ("README.md", "migrations") if not (folder / name).exists()]
        missing += ["models"] * (not (folder / "models" / "base.py").exists())
        assert not missing, f"services/{folder.name} lacks {missing}: a reader expects them there"
