"""`matron run` reports an unusable file in one line, and reads its port as `matron serve` does."""

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
"""How to spoil a folder, by the path that the error names."""


def written(path: Path) -> int:
    """Put unreadable content at a path."""
    path.parent.mkdir(parents=True)
    return path.write_bytes(b"garbage " * 1000)


@pytest.mark.parametrize("named", SPOILS)
def test_error_for_an_unusable_folder_is_one_line(tmp_path: Path, named: str) -> None:
    folder = tmp_path / "hospital"
    SPOILS[named](folder)
    command = [sys.executable, "-m", "matron", "run", "--port", "0", "--no-demo", "--data", str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    expected = f"matron: {folder}{named.replace('/broker.lock', '')} cannot be used: "
    assert (ended.returncode, ended.stdout, ended.stderr[: len(expected)]) == (2, "", expected)
    assert ended.stderr.count("\n") == 1


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run `matron run`, which must end by itself."""
    command = [sys.executable, "-m", "matron", "run", "--no-demo", "--data", str(folder), *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **settings}
    )


@pytest.mark.parametrize("by_option", [True, False], ids=["--port", "HTTP_PORT"])
def test_port_comes_from_the_option_or_the_settings(tmp_path: Path, *, by_option: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        arguments, other = (["--port", port], "1") if by_option else ([], port)
        ended = run(tmp_path / "var", *arguments, HTTP_PORT=other)
    assert (ended.returncode, ended.stdout.partition(":")[0]) == (1, "matron")
    assert f"port {port} cannot be used" in ended.stdout
    assert 'make run ARGS="--port 8001"' in ended.stdout


def test_invalid_port_in_the_settings_is_refused(tmp_path: Path) -> None:
    ended = run(tmp_path / "var", HTTP_PORT="eighty")
    assert (ended.returncode, "HTTP_PORT" in ended.stderr) == (2, True)


def test_readme_lists_all_settings_that_run_overrides(tmp_path: Path) -> None:
    said = README.read_text("utf-8").partition("## Settings")[2].partition("| variable |")[0]
    decided = {re.sub("^[A-Z]+_DATABASE_URL$", "..._DATABASE_URL", name) for name in embedded.settings(1, tmp_path)}
    assert decided - {"HTTP_PORT"} - set(re.findall(r"`([^`]+)`", said)) == set()
