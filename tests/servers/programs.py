"""Programs installed on this machine: where they are, and how Debian installs them when we are root."""

from __future__ import annotations

import contextlib
import functools
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.servers import locks
from tests.servers.processes import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Package maintainers put the programs of servers where PATH does not lead. The folders that are looked into first
# hold the programs themselves; those on PATH may be wrappers that change the account or insist on a service.
FOLDERS = (
    "/usr/lib/rabbitmq/bin",
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/*/sbin",
    "/opt/homebrew/opt/*/bin",
    "/usr/lib/erlang/bin",
)
POLICY = Path("/usr/sbin/policy-rc.d")


def say_nothing(_message: str) -> None:
    """Say nothing; the pytest plugin puts its terminal here."""


announce: Callable[[str], None] = say_nothing


def find(name: str) -> Path:
    """Return the newest program of this name. Unavailable if there is none."""
    for pattern in FOLDERS:
        found = [path for path in Path("/").glob(f"{pattern[1:]}/{name}") if os.access(path, os.X_OK)]
        if found:
            return max(found, key=_version)
    on_path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin:/usr/local/sbin")
    if on_path is None:
        raise Unavailable(f"no program {name} is installed")
    return Path(on_path)


def _version(path: Path) -> int:
    return max((int(part) for part in path.parts if part.isdigit()), default=0)


def unprivileged(*names: str) -> str | None:
    """Return the first of these accounts that exists when we are root, and None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in names:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise Unavailable(f"none of the accounts {', '.join(names)} exists")


@functools.cache
def install(package: str, program: str) -> None:
    """Install the Debian package of a program, its own service left unstarted. Unavailable where that cannot be done.

    Of several test runs the first installs it, and the others wait until it is there.
    """
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise Unavailable("packages are installed only by root on Debian and its children")
    with locks.alone("apt"):
        if _is_installed(program):
            return
        announce(f"servers: installing Debian's package {package}, which takes a minute")
        with _services_stay_off():
            _update()
            _apt("install", "-y", "--no-install-recommends", package)


def _is_installed(program: str) -> bool:
    with contextlib.suppress(Unavailable):
        return bool(find(program))
    return False


@functools.cache
def _update() -> None:
    _apt("update")


def _apt(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "-qq", *arguments]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{' '.join(command)} took too long") from None
    if done.returncode:
        raise Unavailable(f"{' '.join(command)} failed: {done.stderr.strip()[-200:]}")


@contextlib.contextmanager
def _services_stay_off() -> Iterator[None]:
    """Answer Debian's question whether a new package may start its service with no, as policy-rc.d does."""
    if POLICY.exists():
        yield
        return
    POLICY.write_text("#!/bin/sh\nexit 101\n")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()
