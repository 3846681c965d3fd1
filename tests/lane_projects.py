"""A small project of two folders, and two lanes that run its tests."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lanes.runner import run
from tests.lanes.table import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    Ran = tuple[int, str]

ROOT = Path(__file__).parents[1]
LEFT = Lane("left", ("left",), waits=True)
TWO = (LEFT, Lane("rest", (".",), without=("left",)))
PASSES = "def test_good(): pass\n"
FAILS = "def test_bad():\n    assert 'this' == 'that'\n"
DIES = "import os\ndef test_last(): os._exit(0)\n"
CRASHES = "import os\ndef test_last(): os.kill(os.getpid(), 11)\n"
# Of the plugins, which take seconds to load, only the one that has a part in it.
PLAIN = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "pytest_randomly"}


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`ran(left=source, right=source)`: the exit code and output of two lanes with these tests."""
    for name, value in PLAIN.items():
        monkeypatch.setenv(name, value)

    def made(**sources: str) -> Ran:
        lay_out(tmp_path, **sources)
        code = run(TWO, tmp_path)
        return code, capfd.readouterr().out

    return made


def lay_out(root: Path, **sources: str) -> None:
    """Write a project with one test file in each folder."""
    (root / "pytest.ini").write_text("[pytest]\n")
    for folder, source in sources.items():
        (root / folder).mkdir()
        (root / folder / f"test_{folder}.py").write_text(source)


def last_line(output: str) -> str:
    return output.rstrip("\n").rpartition("\n")[2]
