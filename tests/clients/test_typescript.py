"""A TypeScript program compiles with the types of openapi-typescript.

The generator is locked with the digests of all its packages. It needs npm and a registry; without them these tests are
skipped.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.guards.house import ROOT

HERE = Path(__file__).parent
OFFLINE = re.compile(
    r"npm (?:error|ERR!) code (E\w*(?:NOTFOUND|AGAIN|REFUSED|TIMEDOUT|TIMEOUT|RESET|UNREACH|OFFLINE)\w*)"
)
"""Codes of npm for an unreachable registry. A wrong digest (EINTEGRITY) is not among them, and fails the test."""

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the locked generator and compiler."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("openapi-typescript is NOT tested: there is no npm on this machine")
    folder = tmp_path_factory.mktemp("typescript")
    for name in ("package.json", "package-lock.json", "usage.ts"):
        shutil.copy(HERE / name, folder)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=60000"]
    done = subprocess.run([npm, "ci", *quiet], cwd=folder, capture_output=True, text=True, check=False)
    if offline := OFFLINE.search(done.stderr):
        pytest.skip(f"openapi-typescript is NOT tested: npm reaches no registry ({offline[1]})")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def generated(node: Path) -> str:
    """Generate the types, and return the output of the generator."""
    command = [node / "node_modules/.bin/openapi-typescript", ROOT / "docs" / "openapi.json", "--output", "api.ts"]
    done = subprocess.run(command, cwd=node, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_type_generator_reports_no_warning(generated: str) -> None:
    assert not re.search(r"warn|error|⚠|✘", generated, re.IGNORECASE), generated


def test_program_compiles_with_the_generated_types(node: Path, generated: str) -> None:
    assert generated
    flags = [
        "--noEmit",
        "--strict",
        "--exactOptionalPropertyTypes",
        "--target",
        "es2022",
        "--moduleResolution",
        "bundler",
    ]
    command = [node / "node_modules/.bin/tsc", *flags, "--module", "esnext", "api.ts", "usage.ts"]
    done = subprocess.run(command, cwd=node, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_lock_of_the_generator_has_digests_and_no_registry() -> None:
    text = (HERE / "package-lock.json").read_text()
    assert '"resolved"' not in text, "each machine has its own registry: npm install --omit-lockfile-registry-resolved"
    packages = text.count('"node_modules/') - text.count('"inBundle"')
    assert packages == text.count('"integrity": "sha512-') > 0
