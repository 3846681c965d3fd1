"""A store in a folder, through fsspec. Every call on a file runs in a native thread, since a disk may hang."""

import os
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from secrets import token_hex
from time import monotonic
from typing import Any, ParamSpec, TypeVar

import fsspec

from telemetry.logs import log_unexpected
from transports.storage.objects import PIECE, Probe, StoreError
from transports.threads import in_turn

P = ParamSpec("P")
R = TypeVar("R")
PROBE_SECONDS = 5.0
UNFINISHED = ".part"
"""The end of the name of an object under way."""


@contextmanager
def _as_store_error() -> Iterator[None]:
    """Hide the text of an error, which names the path."""
    try:
        yield
    except OSError as error:
        raise StoreError(type(error).__name__) from None


def _call(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    with _as_store_error():
        return in_turn(function, *args, **kwargs)


class FolderStore:
    """Objects as files of a folder, which several processes may share."""

    def __init__(self, root: str) -> None:
        self.files, self.root = fsspec.filesystem("file"), root.rstrip("/")
        self.probe = Probe(self._takes_a_file, PROBE_SECONDS, monotonic)

    def begin(self, name: str) -> "FolderUpload":
        """Start a new file."""
        return FolderUpload(self.files, f"{self.root}/{name}")

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file."""
        file = _call(self.files.open, f"{self.root}/{name}", "rb")
        try:
            while piece := _call(file.read, PIECE):
                yield piece
        finally:
            _call(file.close)

    def delete(self, name: str) -> None:
        """Delete a file."""
        with suppress(FileNotFoundError), _as_missing():
            _call(self.files.rm_file, f"{self.root}/{name}")

    def sweep(self, folder: str, known: Collection[str]) -> int:
        """Delete the files of a folder, but the known."""
        return _call(self._sweep, f"{self.root}/{folder}", frozenset(known))

    def _sweep(self, folder: str, known: frozenset[str]) -> int:
        if not self.files.exists(folder):
            return 0
        paths = [path for path in self.files.ls(folder, detail=False) if path.rpartition("/")[2] not in known]
        for path in paths:
            self.files.rm_file(path)
        return len(paths)

    def is_writable(self) -> bool:
        """Whether the folder takes a file now."""
        return self.probe()

    def _takes_a_file(self) -> bool:
        try:
            _call(self._write_and_delete, f"{self.root}/probe-{token_hex(8)}")
        except StoreError:
            return False
        return True

    def _write_and_delete(self, path: str) -> None:
        self.files.makedirs(self.root, exist_ok=True)
        self.files.pipe_file(path, b"probe")
        self.files.rm_file(path)


@contextmanager
def _as_missing() -> Iterator[None]:
    """Turn the error of a missing file back into itself."""
    try:
        yield
    except StoreError as error:
        if str(error) == FileNotFoundError.__name__:
            raise FileNotFoundError from None
        raise


class FolderUpload:
    """A file under way, with another name until it is complete."""

    def __init__(self, files: Any, path: str) -> None:
        self.files, self.path, self.waiting = files, path, bytearray()
        self.file = _call(self._create)

    def _create(self) -> Any:
        self.files.makedirs(self.path.rpartition("/")[0], exist_ok=True)
        return self.files.open(self.path + UNFINISHED, "wb")

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self.waiting += data
        if len(self.waiting) >= PIECE:
            self._flush()

    def _flush(self) -> None:
        data, self.waiting = self.waiting, bytearray()
        _call(self.file.write, data)

    def complete(self) -> None:
        """Write the file to the disk, and give it its name."""
        self._flush()
        _call(self._finish)

    def _finish(self) -> None:
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        self.files.mv(self.path + UNFINISHED, self.path)
        _sync_folder(self.path.rpartition("/")[0])

    def discard(self) -> None:
        """Remove the file."""
        try:
            _call(self._remove)
        except StoreError as error:
            log_unexpected("unfinished object stays", error)

    def _remove(self) -> None:
        self.file.close()
        with suppress(FileNotFoundError):
            self.files.rm_file(self.path + UNFINISHED)


def _sync_folder(path: str) -> None:
    """Write the name of a new file to the disk, which the file's own fsync does not do."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
