"""The catalogue in use: read from `LAB_DATA`, or from the data that Matron ships, again after each change."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from contracts.clinical.data import DataStatus
from services.clinical import settings
from services.clinical.data import manifest
from services.clinical.data.manifest import DataError
from services.clinical.lab_catalogue import tables
from services.clinical.lab_catalogue.rules import Catalogue, LabTest, ReferenceRange
from telemetry.logs import log

SHIPPED = manifest.SHIPPED / "labs"
Stamp = tuple[tuple[int, int] | None, ...]
"""Size and time of each file; None for a missing file."""


def current() -> Catalogue:
    """Return the catalogue in use."""
    folder = settings.current().lab_data or SHIPPED
    return _cached(folder, _stamp(folder))


@lru_cache(maxsize=2)
def _cached(folder: Path, _stamp_of_files: Stamp) -> Catalogue:
    return load(folder)


def _stamp(folder: Path) -> Stamp:
    return tuple(_stamp_of(folder / name) for name in (manifest.NAME, tables.TESTS, tables.RANGES))


def _stamp_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def load(folder: Path) -> Catalogue:
    """Read the catalogue of a folder, and log its faults. A faulty file counts as empty."""
    try:
        found = manifest.read(folder)
        notice = tables.notice_of(found)
    except DataError as error:
        _complain(error)
        return Catalogue(None, error.status, "", {}, {})
    tests, ranges, faults = dict[str, LabTest](), dict[str, Sequence[ReferenceRange]](), [found.status]
    try:
        tests = tables.tests_of(found)
        ranges = tables.ranges_of(found, tests)
    except DataError as error:
        _complain(error)
        faults.append(error.status)
    return Catalogue(found.version, max(faults, key=list(DataStatus).index), notice, tests, ranges)


def _complain(error: DataError) -> None:
    log.error("reference data not used", data="laboratory", status=error.status.value, fault=str(error))


def notice() -> dict[str, object]:
    """Return what readiness shows of the data."""
    found = current()
    return {"state": found.status, "version": found.version}
