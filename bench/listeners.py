"""Find the process behind a port of this machine, also in a container, to read its CPU time."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

LISTENING = "0A"
PROXY = "docker-proxy"


def serving(port: int) -> int | None:
    """Return the id of the process behind a port; None if it is on another machine or inaccessible."""
    found = _listener(port)
    if found is None or _name(found) == PROXY:
        return _in_container(port)
    return found


def _listener(port: int) -> int | None:
    """Return the first process that listens on a port: children may have inherited the socket."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port)}
    return min((pid for pid in _pids() if sockets and not sockets.isdisjoint(_open_files(pid))), default=None)


def _inodes(port: int) -> set[str]:
    lines = [line.split() for name in ("tcp", "tcp6") for line in _lines(Path("/proc/net") / name)[1:]]
    return {line[9] for line in lines if line[3] == LISTENING and int(line[1].rpartition(":")[2], 16) == port}


def _lines(path: Path) -> list[str]:
    with contextlib.suppress(OSError):
        return path.read_text().splitlines()
    return []


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _open_files(pid: int) -> set[str]:
    found = set[str]()
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                found.add(str(path.readlink()))
    return found


def _name(pid: int) -> str:
    return "".join(_lines(Path(f"/proc/{pid}/comm")))


def _in_container(port: int) -> int | None:
    """Return the first process of the Docker container that publishes a port, if there is such a container."""
    import docker  # type: ignore[import-untyped]  # the engine's client has no types

    try:
        containers = docker.from_env(timeout=5).containers.list()
    except Exception:  # noqa: BLE001  the client raises whatever its transport does
        return None
    pids = (each.attrs["State"]["Pid"] for each in containers if port in _published(each))
    return next((pid for pid in pids if Path(f"/proc/{pid}").exists()), None)


def _published(container: Any) -> set[int]:
    bindings = container.attrs["NetworkSettings"]["Ports"].values()
    return {int(each["HostPort"]) for group in bindings for each in group or ()}
