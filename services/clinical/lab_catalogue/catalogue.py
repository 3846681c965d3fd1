"""The catalogue in use: read from `LAB_DATA`, or from the data that Matron ships, once per process and folder."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from chassis import config
from contracts.clinical.data import DataStatus
from services.clinical.data import manifest
from services.clinical.data.manifest import DataError
from services.clinical.lab_catalogue import tables
from services.clinical.lab_catalogue.rules import Catalogue, LabTest, ReferenceRange
from telemetry.logs import log

SHIPPED = manifest.SHIPPED / "labs"
DATA = "lab_data"
"""The name of the data in readiness and in the log."""


def current() -> Catalogue:
    """Return the catalogue in use."""
    return load(config.current().lab_data or SHIPPED)


@cache
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
    log.error("reference data not used", data=DATA, status=error.status.value, fault=str(error))


def notices() -> list[str]:
    """Return what readiness says about the data: nothing once an expert has signed it."""
    status = current().status
    return [] if status is DataStatus.REVIEWED else [f"{DATA}.{status.value}"]
