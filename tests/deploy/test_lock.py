"""The lock is complete, and set-up installs exactly the lock, despite newer releases."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib import metadata
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.guards.house import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", re.MULTILINE)
PYTHONS = ("3.11.0", "3.11.9", "3.12.0", "3.13.0")
OLD_PIP = "23.2.1"
OLD_PIP_SHA256 = "7ccf472345f20d35bdc9d1841ff5f313260c2c33fe417f48c30ac46cccabf5be"
"""Python 3.11.7 and 3.12.1 bring this pip. It resolves the extra of a pinned distribution to the newest release."""


def locked() -> dict[str, str]:
    """The version of each distribution in the lock."""
    return dict(PINNED.findall((ROOT / "requirements.lock").read_text()))


def asked() -> list[Requirement]:
    """Every requirement of the project, its extras included."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for text in itertools.chain(*lists)]


def wanted_by(requirement: Requirement, environment: dict[str, str]) -> Iterator[Requirement]:
    """The requirements of a distribution on a Python, with the requested extras."""
    for text in metadata.requires(requirement.name) or ():
        found = Requirement(text)
        extras = requirement.extras or {""}
        if found.marker is None or any(found.marker.evaluate({**environment, "extra": extra}) for extra in extras):
            yield found


@pytest.mark.parametrize("requirement", asked(), ids=str)
def test_lock_satisfies_each_requirement_of_the_project(requirement: Requirement) -> None:
    version = locked().get(canonicalize_name(requirement.name))
    assert version, f"requirements.lock lacks {requirement.name}: run `make lock`"
    assert requirement.specifier.contains(version, prereleases=True)


@pytest.mark.parametrize("platform", ["linux", "darwin"])
@pytest.mark.parametrize("python", PYTHONS)
def test_lock_contains_the_requirements_of_each_distribution_on_each_python(python: str, platform: str) -> None:
    environment = {
        "python_version": python.rpartition(".")[0],
        "python_full_version": python,
        "sys_platform": platform,
        "platform_system": platform.title(),
    }
    pins, waiting, seen, missing = locked(), asked(), set(), set()
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if (name, frozenset(requirement.extras)) in seen:
            continue
        seen.add((name, frozenset(requirement.extras)))
        if name not in pins or not requirement.specifier.contains(pins[name], prereleases=True):
            missing.add(str(requirement))
        elif name in INSTALLED:
            waiting += wanted_by(requirement, environment)
    assert not missing, f"requirements.lock does not satisfy {sorted(missing)}"


INSTALLED = {canonicalize_name(found.name) for found in metadata.distributions()}

# --- set-up against an index that has moved on ------------------------------------------------------------------------


def wheel(folder: Path, name: str, version: str, *requires: str, extra: str = "") -> str:
    """Write the wheel of an empty distribution; returns its line in a lock."""
    info = f"{name}-{version}.dist-info"
    extras = [f"Provides-Extra: {extra}", f'Requires-Dist: gamma; extra == "{extra}"'] if extra else []
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", *extras]
    lines += [f"Requires-Dist: {required}" for required in requires]
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": "\n".join(lines) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
        record = "".join(f"{file},{digest(text)},{len(text)}\n" for file, text in files.items())
        archive.writestr(f"{info}/RECORD", f"{record}{info}/RECORD,,\n")
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def digest(text: str) -> str:
    """The digest of a file, in the form of a wheel's RECORD."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def commands() -> dict[str, list[str]]:
    """The options with which the Makefile and the Dockerfile install a lock, by the file."""
    make = (ROOT / "Makefile").read_text()
    install = re.search(r"^INSTALL := .+ -m pip install (.+)$", make, re.MULTILINE)
    rest = re.search(r"^\t@\$\(INSTALL\) (.+) -r requirements\.lock$", make, re.MULTILINE)
    image = re.search(r"install (--.+) -r run\.lock", (ROOT / "deploy" / "Dockerfile").read_text())
    assert install
    assert rest
    assert image
    return {"Makefile": f"{install[1]} {rest[1]}".split(), "Dockerfile": image[1].split()}


@pytest.fixture
def index(tmp_path: Path) -> tuple[Path, Path]:
    """An index and a lock of last week. `beta`, of which `alpha` requires an extra, has a newer release."""
    folder, lock = tmp_path / "index", tmp_path / "made.lock"
    folder.mkdir()
    lines = [
        wheel(folder, "alpha", "1.0", "beta[toml]>=1"),
        wheel(folder, "beta", "1.0", extra="toml"),
        wheel(folder, "gamma", "1.0"),
    ]
    wheel(folder, "beta", "2.0", extra="toml")
    wheel(folder, "gamma", "2.0")
    lock.write_text("".join(lines))
    return folder, lock


def pip(python: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the pip of that Python, with its own settings only."""
    bare = {"PATH": "/usr/bin:/bin", "HOME": str(python.parents[1]), "PIP_CONFIG_FILE": "/dev/null"}
    command = [str(python), "-m", "pip", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=bare | environment)


@pytest.fixture
def python(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The Python of an empty environment, with the pip of the parameter."""
    venv.create(tmp_path / "venv", with_pip=False)
    found = tmp_path / "venv" / "bin" / "python"
    wanted = [f"pip=={OLD_PIP} --hash=sha256:{OLD_PIP_SHA256}\n"]
    if request.param == "locked":
        text = (ROOT / "requirements.lock").read_text()
        wanted = re.findall(r"^pip==.+(?:\n +--hash.+)+", text, re.MULTILINE)
    (tmp_path / "pip.lock").write_text("".join(wanted))
    ours = [sys.executable, "-m", "pip", "--python", str(found), "install", "--quiet", "--no-deps", "--require-hashes"]
    done = subprocess.run([*ours, "-r", str(tmp_path / "pip.lock")], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no package index to fetch pip from: {done.stderr[-200:]}")
    return found


@pytest.mark.parametrize("python", ["oldest", "locked"], indirect=True)
@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_set_up_installs_exactly_the_lock_from_a_newer_index(python: Path, index: tuple[Path, Path], file: str) -> None:
    folder, lock = index
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder)}
    done = pip(python, "install", *commands()[file], "-r", str(lock), **offline)
    assert done.returncode == 0, done.stderr
    frozen = pip(python, "freeze", "--all").stdout.splitlines()
    assert [line for line in frozen if not line.startswith("pip")] == ["alpha==1.0", "beta==1.0", "gamma==1.0"]
