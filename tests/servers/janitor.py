"""A small process that stops and removes everything that a test run started, also after a SIGKILL of the run.

It reads one JSON object a line from its standard input: ``{"keep": key, ...}`` remembers a process, folder or
container, ``{"forget": key}`` says that the run has ended it itself. When the input closes, everything that is still
remembered is removed. It is a process of its own, because neither ``atexit`` nor a signal handler outlives SIGKILL, and
because ``PR_SET_PDEATHSIG`` fires when the thread ends that started the child. Only the standard library is needed,
and the docker package when there is a container to remove.
"""

import contextlib
import json
import os
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

Item = dict[str, Any]


def stat_fields(pid: int) -> list[str]:
    """Return the fields of ``/proc/<pid>/stat`` that follow the program's name; none for a process that is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def birth(pid: int) -> str:
    """Return the start time of a process, in kernel ticks. With its id, this identifies it. Empty if it has ended."""
    fields = stat_fields(pid)
    return fields[19] if fields and fields[0] != "Z" else ""


def descendants(pid: int) -> list[int]:
    """Return the ids of all processes below this one, parents first."""
    parents = {int(path.name): stat_fields(int(path.name)) for path in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for parent in found:
        found += [child for child, fields in parents.items() if fields and int(fields[1]) == parent]
    return found[1:]


def end_tree(pid: int) -> list[int]:
    """Kill a process and all below it, and return their ids. It is stopped first, so that it begins no new ones."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
    tree = [pid, *descendants(pid)]
    for each in tree:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    return tree


def remove_container(key: str) -> None:
    """Remove a container with its volumes, if the engine still answers."""
    import docker

    docker.from_env(timeout=10).containers.get(key).remove(force=True, v=True)


def clear(item: Item) -> None:
    """Stop or remove a remembered item. A failure is ignored, because no run is left to report it."""
    with contextlib.suppress(Exception):
        if item["kind"] == "process" and birth(item["pid"]) == item["birth"]:
            end_tree(item["pid"])
        elif item["kind"] == "folder":
            shutil.rmtree(item["path"], ignore_errors=True)
        elif item["kind"] == "container":
            remove_container(item["id"])


def main() -> None:
    """Remember until the input closes, then clear: processes before the folders they write to."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    kept: dict[str, Item] = {}
    for line in sys.stdin:
        item: Item = json.loads(line)
        if "forget" in item:
            kept.pop(item["forget"], None)
        else:
            kept[item["keep"]] = item
    for item in sorted(kept.values(), key=lambda item: item["kind"] == "folder"):
        clear(item)


if __name__ == "__main__":
    main()
