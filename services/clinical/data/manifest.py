"""The manifest of a folder of reference data: version, reviewer, and the SHA-256 of each file."""

import csv
import hashlib
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from contracts.clinical.data import DataStatus

NAME = "manifest.toml"
SHIPPED = Path(__file__).parent
"""The folder of the data that Matron ships."""


class DataError(Exception):
    """The data cannot be used. `status` says why; the text names the file and the fault."""

    def __init__(self, status: DataStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of one folder. `facts` are its further entries, such as licences and scope."""

    folder: Path
    version: str
    reviewed_by: str
    digests: Mapping[str, str]
    """SHA-256 in hexadecimal, by the name of the file."""
    facts: Mapping[str, object]

    @property
    def status(self) -> DataStatus:
        """Whether an expert has signed the data."""
        return DataStatus.REVIEWED if self.reviewed_by else DataStatus.UNREVIEWED

    def rows(self, name: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
        """Return the rows of a CSV file by column.

        DataError if the file is missing, differs from its digest, or has other columns.
        """
        content = _read(self.folder / name)
        if hashlib.sha256(content).hexdigest() != self.digests.get(name):
            raise DataError(DataStatus.EDITED, f"{name} differs from its sha256 in {NAME}")
        try:
            reader = csv.DictReader(io.StringIO(content.decode("utf-8"), newline=""), strict=True)
            rows = list(reader)
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(DataStatus.UNREADABLE, f"{name} is no CSV in UTF-8") from error
        if tuple(reader.fieldnames or ()) != columns or any(None in row or None in row.values() for row in rows):
            raise DataError(DataStatus.UNREADABLE, f"{name} needs exactly the columns {', '.join(columns)}")
        return rows


def read(folder: Path) -> Manifest:
    """Read the manifest of a folder. DataError if it is missing or malformed."""
    try:
        facts = tomllib.loads(_read(folder / NAME).decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(DataStatus.UNREADABLE, f"{NAME} is no TOML in UTF-8") from error
    version, reviewer, digests = (facts.pop(name, None) for name in ("version", "reviewed_by", "files"))
    texts = isinstance(version, str) and isinstance(reviewer, str) and isinstance(digests, dict)
    if not texts or not version or not all(isinstance(digest, str) for digest in digests.values()):
        raise DataError(DataStatus.UNREADABLE, f"{NAME} needs `version`, `reviewed_by` and `[files]`")
    return Manifest(folder, version, reviewer.strip(), cast("dict[str, str]", digests), facts)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(DataStatus.MISSING, f"{path.name} cannot be read") from error
