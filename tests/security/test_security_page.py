"""docs/security.md names only files and tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text()
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
FILE = re.compile(r"`([\w.-]+(?:/[\w.-]+)*\.(?:py|md|json|yml))`")
ROW = re.compile(r"^\| (?:API)?\d", re.MULTILINE)


@cache
def names_in(path: str) -> frozenset[str]:
    """Return the names of a file's functions."""
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("path", "name"), sorted(set(TEST.findall(PAGE))))
def test_named_test_exists(path: str, name: str) -> None:
    assert name in names_in(path), f"docs/security.md: {path} has no {name}"


@pytest.mark.parametrize("path", sorted(set(FILE.findall(PAGE)) - {"rules.py"}))
def test_named_file_exists(path: str) -> None:
    assert (ROOT / path).is_file(), f"docs/security.md names {path}"


def test_rows_all_name_a_test_or_a_reason() -> None:
    rows = [line for line in PAGE.splitlines() if ROW.match(line)]
    shown = [row.rstrip("| ").rpartition(" | ")[2] for row in rows]
    assert len(rows) > 90
    assert [row for row, cell in zip(rows, shown, strict=True) if not TEST.search(cell) and "none: " not in cell] == []
