"""Locks between the test runs of one account, for what several lanes would otherwise do at the same time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def alone(purpose: str) -> Iterator[None]:
    """Hold the lock of this name. It goes with the process, however that ends."""
    path = Path(tempfile.gettempdir()) / f"matron-{os.geteuid()}-{purpose}.lock"
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, mode=0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
