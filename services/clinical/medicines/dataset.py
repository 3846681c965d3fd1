"""The medicine data of this process: a folder of four tables and a manifest with their SHA-256 digests.

Data that is missing, corrupt or edited is not used, and every check says so. A changed folder is read again.
"""

import hashlib
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from contracts.clinical.medicines import DataState
from services.clinical import settings
from services.clinical.medicines import tables
from services.clinical.medicines.rules import Catalogue, Pair, Substance, normal
from services.clinical.medicines.tables import CorruptError

BUILT_IN = Path(__file__).parent.parent / "data" / "medicines"
MANIFEST = "manifest.toml"
LONGEST_VERSION, LONGEST_NAME = 50, 200
SENTENCES: Mapping[DataState, str] = {
    DataState.MISSING: "A file of the medicine data is missing: nothing is checked.",
    DataState.CORRUPT: "The medicine data is not valid: nothing is checked.",
    DataState.EDITED: "A file of the medicine data differs from its manifest: nothing is checked.",
}
UNREVIEWED = "The medicine data is unreviewed: no pharmacist of this hospital has confirmed it."
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Data:
    """The state of the medicine data, with the catalogue if it can be used."""

    state: DataState
    catalogue: Catalogue | None = None
    problems: Sequence[str] = ()

    @property
    def version(self) -> str | None:
        """The version of the data; None if it cannot be used."""
        return self.catalogue.version if self.catalogue else None

    @property
    def reviewed_by(self) -> str | None:
        """The person who reviewed the data; None if it is unreviewed or cannot be used."""
        return (self.catalogue.reviewed_by or None) if self.catalogue else None

    def notices(self) -> list[str]:
        """Return what every reader of a check must know."""
        if self.catalogue is None:
            return [SENTENCES[self.state]]
        return [] if self.catalogue.reviewed_by else [UNREVIEWED]


def current() -> Data:
    """Return the data of `MEDICINE_DATA`, or the built-in data."""
    folder = settings.current().medicine_data or BUILT_IN
    return _cached(folder, _stamp(folder))


def notice() -> dict[str, object]:
    """Return what readiness shows of the data."""
    data = current()
    return {"state": data.state, "version": data.version, "reviewed_by": data.reviewed_by, "notices": data.notices()}


@lru_cache(maxsize=2)
def _cached(folder: Path, _stamp_of_files: Stamp) -> Data:
    return load(folder)


def _stamp(folder: Path) -> Stamp:
    """Return sizes and times of the files, so that a change is noticed."""
    stamps = []
    for name in (MANIFEST, *tables.COLUMNS):
        try:
            found = (folder / name).stat()
            stamps.append((name, found.st_mtime_ns, found.st_size))
        except OSError:
            stamps.append((name, 0, -1))
    return tuple(stamps)


def load(folder: Path) -> Data:
    """Read and validate a folder. Its state says whether it can be used, and `problems` why not."""
    try:
        manifest = tomllib.loads((folder / MANIFEST).read_text("utf-8"))
        contents = tables.read_contents(folder)
    except OSError as error:
        return Data(DataState.MISSING, problems=[f"{Path(str(error.filename or folder)).name}: {error.strerror}"])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return Data(DataState.CORRUPT, problems=[f"{MANIFEST}: {error}"])
    try:
        edited = _edited(manifest, contents)
        if edited:
            return Data(
                DataState.EDITED, problems=[f"{name}: its SHA-256 differs from the manifest" for name in edited]
            )
        return Data(DataState.USABLE, catalogue_of(manifest, contents))
    except CorruptError as error:
        return Data(DataState.CORRUPT, problems=error.problems)


def digest_of(content: bytes) -> str:
    """Return the SHA-256 digest of a file, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _edited(manifest: Mapping[str, object], contents: Mapping[str, bytes]) -> list[str]:
    digests = manifest.get("sha256")
    if not isinstance(digests, dict):
        raise CorruptError([f"{MANIFEST}: it has no table sha256"])
    return [name for name, content in contents.items() if digests.get(name) != digest_of(content)]


def catalogue_of(manifest: Mapping[str, object], contents: Mapping[str, bytes]) -> Catalogue:
    """Read the tables. CorruptError names each problem."""
    version, reviewed_by = manifest.get("version"), manifest.get("reviewed_by", "")
    if not isinstance(version, str) or not 0 < len(version) <= LONGEST_VERSION:
        raise CorruptError([f"{MANIFEST}: version is not a text of up to {LONGEST_VERSION} characters"])
    if not isinstance(reviewed_by, str) or len(reviewed_by) > LONGEST_NAME:
        raise CorruptError([f"{MANIFEST}: reviewed_by is not a text of up to {LONGEST_NAME} characters"])
    try:
        rows = {name: tables.rows_of(name, content.decode("utf-8")) for name, content in contents.items()}
    except UnicodeDecodeError as error:
        raise CorruptError([f"a file is not UTF-8: {error.reason}"]) from None
    substances = tables.read_rows("substances.csv", rows["substances.csv"], tables.substance_of)
    catalogue = Catalogue(
        version=version,
        reviewed_by=reviewed_by.strip(),
        substances={substance.name: substance for substance in substances},
        class_names=_class_names(manifest),
        duplicate_classes=frozenset(_texts(manifest, "duplicate_classes")),
        interactions=tuple(tables.read_rows("interactions.csv", rows["interactions.csv"], tables.interaction_of)),
        allergies=tuple(tables.read_rows("allergy_classes.csv", rows["allergy_classes.csv"], tables.cross_allergy_of)),
        doses=tuple(tables.read_rows("dose_limits.csv", rows["dose_limits.csv"], tables.dose_limit_of)),
    )
    problems = [*_twice(substances, catalogue), *_unknown_terms(catalogue)]
    if problems:
        raise CorruptError(problems)
    return catalogue


def _texts(manifest: Mapping[str, object], name: str) -> list[str]:
    found = manifest.get(name, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise CorruptError([f"{MANIFEST}: {name} is not a list of texts"])
    return found


def _class_names(manifest: Mapping[str, object]) -> dict[str, str]:
    """Return the classes by the names that a chart may use for them."""
    found = manifest.get("class_names", {})
    if not isinstance(found, dict):
        raise CorruptError([f"{MANIFEST}: class_names is not a table"])
    return {normal(name): group for group in found for name in _texts(found, group)}


def _twice(substances: Sequence[Substance], catalogue: Catalogue) -> list[str]:
    names = Counter(substance.name for substance in substances)
    ids = Counter(row.id for row in _pairs(catalogue))
    return [f"{name}: it is there twice" for name, count in (*names.items(), *ids.items()) if count > 1]


def _unknown_terms(catalogue: Catalogue) -> list[str]:
    """Return the terms of rules that name neither a substance nor a class: such a rule would never hit."""
    pairs = [term for row in _pairs(catalogue) for term in (row.left, row.right)]
    classes = [*catalogue.class_names.values(), *catalogue.duplicate_classes]
    doses = [limit.substance for limit in catalogue.doses if limit.substance not in catalogue.substances]
    return [
        f"{term}: it is neither a substance nor a class"
        for term in _without(pairs, catalogue.substances.keys() | catalogue.members.keys())
    ] + [f"{term}: no substance has it" for term in (*_without(classes, catalogue.members.keys()), *doses)]


def _pairs(catalogue: Catalogue) -> list[Pair]:
    return [*catalogue.interactions, *catalogue.allergies]


def _without(terms: Iterable[str], known: Iterable[str]) -> list[str]:
    return sorted(set(terms) - set(known))
