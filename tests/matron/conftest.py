"""Fixtures of the tests of commands."""

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from matron.command import main
from transports.embedded import close_broker, open_broker

Matron = Callable[..., tuple[int, str, str]]


@pytest.fixture
def matron(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Matron]:
    """Run a command: `matron("dead", "list")`. Return the exit code, stdout and stderr."""
    umask = os.umask(0o022)
    monkeypatch.delenv("AMQP_URL", raising=False)

    def run(*arguments: object, answer: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["matron", *map(str, arguments)])
        monkeypatch.setattr("sys.stdin", io.StringIO(answer))
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        return int(end.value.code or 0), *capsys.readouterr()

    yield run
    os.umask(umask)  # `matron run` sets a strict umask for its whole process.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of `matron run` with an empty broker."""
    open_broker("made", tmp_path / "broker.db")
    close_broker("made")
    return tmp_path
