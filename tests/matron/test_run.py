"""`matron run` says in one line what it cannot work with."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SPOILS: dict[str, Callable[[Path], object]] = {
    "": lambda folder: folder.write_text("a file"),
    "/broker.lock": lambda folder: (folder / "broker.lock").mkdir(parents=True),
    "/matron.log": lambda folder: (folder / "matron.log").mkdir(parents=True),
    "/keys": lambda folder: written(folder / "keys" / "jwks.json"),
    "/auth.db": lambda folder: written(folder / "auth.db"),
    "/broker.db": lambda folder: written(folder / "broker.db"),
}
"""What spoils a folder, by the path that is told."""


def written(path: Path) -> int:
    """Something that nobody can read there."""
    path.parent.mkdir(parents=True)
    return path.write_bytes(b"garbage " * 1000)


@pytest.mark.parametrize("told", SPOILS)
def test_a_folder_that_cannot_be_used_is_told_in_one_line(tmp_path: Path, told: str) -> None:
    folder = tmp_path / "hospital"
    SPOILS[told](folder)
    command = [sys.executable, "-m", "matron", "run", "--port", "0", "--no-demo", "--data", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    expected = f"matron: {folder}{told.replace('/broker.lock', '')} cannot be used: "
    assert (ended.returncode, ended.stdout, ended.stderr[: len(expected)]) == (2, "", expected)
    assert ended.stderr.count("\n") == 1
