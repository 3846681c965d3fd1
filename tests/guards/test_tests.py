"""The places, names and outcomes of tests."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.guards.house import ROOT, Place, name_of, nodes_of, python_files, tree_of

MIRRORED = {
    "auth": "services/auth",
    "billing": "services/billing",
    "clinical": "services/clinical",
    "notify": "services/notify",
    "gateway": "gateway",
    "chassis": "chassis",
    "scheduling": "services/scheduling",
}
"""Folders of tests that mirror the folders and files of a source."""
CROSSING = {
    "tests/gateway/routes/test_role_matrix.py": "asks every route as every role",
}
"""Tests without a single source module, each with its reason."""
NAME_WORDS = 12
LONG_NAMES = {"auth": 30, "chassis": 8, "contracts": 1, "tests": 1}
WITHOUT_OUTCOME = {"auth": 4, "chassis": 3, "scheduling": 1, "tests": 1}
"""Long names, and tests without an outcome, that a folder may still have. These numbers only go down."""


class Written(NamedTuple):
    """A test function."""

    place: Place
    node: ast.FunctionDef

    @property
    def folder(self) -> str:
        """The folder below `tests`, or `tests` itself."""
        return _folder(self.place.path)


def _folder(name: str) -> str:
    parts = Path(name).parts
    return parts[1] if len(parts) > 2 else parts[0]


def files() -> list[Path]:
    """The modules of tests."""
    return [path for path in python_files("tests") if path.name.startswith("test_")]


@cache
def written() -> tuple[Written, ...]:
    """All test functions."""
    return tuple(
        Written(Place(name_of(path), node.lineno), node)
        for path in files()
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def over(found: dict[str, list[str]], allowed: dict[str, int]) -> dict[str, list[str]]:
    """The folders that exceed their allowance."""
    return {folder: places for folder, places in found.items() if len(places) > allowed.get(folder, 0)}


def by_folder(places: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    """Group places by folder."""
    found: dict[str, list[str]] = {}
    for folder, place in places:
        found.setdefault(folder, []).append(place)
    return found


def test_test_module_mirrors_its_source() -> None:
    mirrored = [path for path in files() if _folder(name_of(path)) in MIRRORED and name_of(path) not in CROSSING]
    found = [name_of(path) for path in mirrored if not _is_mirrored(path)]
    assert not found, f"{found}: a reader of `accounts/commands.py` looks for `accounts/test_commands.py`"


def _is_mirrored(path: Path) -> bool:
    """Whether the folder exists in the source, and the name begins with a module or folder in it."""
    _tests, folder, *rooms, _file = path.relative_to(ROOT).parts
    room = ROOT.joinpath(MIRRORED[folder], *rooms)
    sources = {one.stem for one in room.glob("*") if one.suffix == ".py" or (one / "__init__.py").exists()}
    subject = path.stem.removeprefix("test_")
    return any(subject == source or subject.startswith(f"{source}_") for source in sources | {"migrations"})


def test_test_module_imports_no_other_test_module() -> None:
    found = by_folder(_borrowed())
    assert not found, (
        f"{found}: a change of one test must break no other; put builders into factories.py or conftest.py"
    )


def _borrowed() -> Iterator[tuple[str, str]]:
    for path in python_files("tests"):
        for node in nodes_of(path):
            if isinstance(node, ast.ImportFrom) and any(_is_test(name) for name in _imported(node)):
                yield _folder(name_of(path)), str(Place(name_of(path), node.lineno))


def _imported(node: ast.ImportFrom) -> list[str]:
    return [*(node.module or "").split("."), *(alias.name for alias in node.names)]


def _is_test(name: str) -> bool:
    return name.startswith("test_")


def test_test_function_asserts_an_outcome() -> None:
    found = over(
        by_folder((one.folder, str(one.place)) for one in written() if not _has_outcome(one.node)), WITHOUT_OUTCOME
    )
    assert not found, f"{found}: a test that asserts nothing passes when its subject does nothing"


OUTCOME = re.compile(r"^_?(assert|expect)_|^raises$")
"""The names of calls that assert for their caller."""


def _has_outcome(test: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Assert) or _asserts(node) for node in ast.walk(test))


def _asserts(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return bool(OUTCOME.match(called))


def test_test_names_are_short() -> None:
    found = over(
        by_folder((one.folder, one.node.name) for one in written() if _words(one.node) > NAME_WORDS), LONG_NAMES
    )
    assert not found, f"{found}: test_<subject>_<behaviour>_<condition>, at most {NAME_WORDS} words"


def _words(test: ast.FunctionDef) -> int:
    return len(test.name.split("_")) - 1


def test_test_names_are_unique_in_a_module() -> None:
    names = Counter(
        (one.place.path, one.node.name) for one in written() if one.node in tree_of(ROOT / one.place.path).body
    )
    twice = [f"{path} {name}" for (path, name), times in names.items() if times > 1]
    assert not twice, f"{twice}: Python keeps only the last of them"
