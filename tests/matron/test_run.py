"""`matron run` says in one line what it cannot work with, and takes its port from where `serve` does."""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from matron import embedded

README = Path(__file__).parents[2] / "README.md"
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


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`matron run`, which is expected to end by itself."""
    command = [sys.executable, "-m", "matron", "run", "--no-demo", "--data", str(folder), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **settings}
    )


@pytest.mark.parametrize("by_option", [True, False], ids=["--port", "HTTP_PORT"])
def test_the_port_is_that_of_the_option_or_of_the_settings(tmp_path: Path, *, by_option: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments, other = (["--port", port], "1") if by_option else ([], port)
        ended = run(tmp_path / "var", *arguments, HTTP_PORT=other)
    assert (ended.returncode, ended.stdout.partition(":")[0]) == (1, "matron")
    assert f"port {port} cannot be used" in ended.stdout
    assert 'make run ARGS="--port 8001"' in ended.stdout


def test_the_port_of_the_settings_must_be_one(tmp_path: Path) -> None:
    ended = run(tmp_path / "var", HTTP_PORT="eighty")
    assert (ended.returncode, "HTTP_PORT" in ended.stderr) == (2, True)


def test_the_readme_names_all_that_run_decides_itself(tmp_path: Path) -> None:
    said = README.read_text("utf-8").partition("## Settings")[2].partition("| variable |")[0]
    decided = {re.sub("^[A-Z]+_DATABASE_URL$", "..._DATABASE_URL", name) for name in embedded.settings(1, tmp_path)}
    assert decided - {"HTTP_PORT"} - set(re.findall(r"`([^`]+)`", said)) == set()
