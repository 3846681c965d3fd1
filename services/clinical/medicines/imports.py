"""Importers of interactions from other data sets into a folder of medicine data.

The hospital supplies the file and answers for its licence: Matron ships no data of these sets.
"""

import csv
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from contracts.clinical.medicines import Severity
from services.clinical.medicines.rules import ORDER, normal
from services.clinical.medicines.tables import CorruptError

DDINTER_COLUMNS = ("DDInterID_A", "Drug_A", "DDInterID_B", "Drug_B", "Level")
"""The columns of `ddinter_downloads_code_X.csv` (https://ddinter2.scbdd.com/download/)."""
DDINTER_LEVELS = {"Major": Severity.SERIOUS, "Moderate": Severity.CAUTION}
"""Levels that are imported. The others, Minor and Unknown, need no attention."""
ANSM_LEVELS = {
    "CONTRE-INDICATION": Severity.CONTRAINDICATED,
    "Association DECONSEILLEE": Severity.SERIOUS,
    "Précaution d'emploi": Severity.CAUTION,
    "A prendre en compte": Severity.CAUTION,
    "Il convient de prendre en compte": Severity.CAUTION,
}
"""The levels of the thesaurus. ANSM publishes a PDF; https://github.com/scossin/IMthesaurusANSM makes JSON of it."""
MEMBERS = re.compile(r"\(([^()]+)\)\s*\Z")
"""The substances of a class, in brackets at the end of its description."""


@dataclass(frozen=True, slots=True)
class Found:
    """An interaction of another data set. `left` and `right` are names of substances, or of classes."""

    left: str
    right: str
    severity: Severity
    effect: str
    ref: str


@dataclass(slots=True)
class Imported:
    """The interactions of a file, the members of its classes, and how its rows are cited."""

    source: str
    licence: str
    rows: list[Found] = field(default_factory=list)
    classes: dict[str, list[str]] = field(default_factory=dict)
    skipped: int = 0


def ddinter(path: Path) -> Imported:
    """Read a file of DDInter. CorruptError: it has other columns."""
    imported = Imported("DDInter", "CC BY-NC-SA 4.0: not for commercial use. Tian et al. 2025, doi 10.1093/nar/gkae726")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != DDINTER_COLUMNS:
            raise CorruptError([f"{path.name}: the columns are not {', '.join(DDINTER_COLUMNS)}"])
        for row in reader:
            severity, left, right = DDINTER_LEVELS.get(row["Level"]), normal(row["Drug_A"]), normal(row["Drug_B"])
            if severity is None or left == right or not (left and right):
                imported.skipped += 1
                continue
            ref = f"{row['DDInterID_A']} with {row['DDInterID_B']}"
            imported.rows.append(Found(left, right, severity, f"DDInter lists this pair as {row['Level']}.", ref))
    return imported


def ansm(path: Path) -> Imported:
    """Read the JSON form of ANSM's thesaurus. Names stay French. CorruptError: it has another form."""
    imported = Imported("ANSM", "Terms of use unverified: ask ANSM. Thésaurus des interactions médicamenteuses")
    entries = _entries(path)
    for entry in entries:
        members = MEMBERS.search(entry["between_main_and_plus_drug"].strip())
        if members:
            names = [normal(name) for name in members[1].split(",") if name.strip()]
            imported.classes[_slug(entry["main_drug"])] = names
    for entry in entries:
        severities = [ANSM_LEVELS[level] for level in entry["levels"].split("\n") if level in ANSM_LEVELS]
        if not severities or not (entry["main_drug"].strip() and entry["plus_drug"].strip()):
            imported.skipped += 1
            continue
        left, right = (_term(entry[name], imported.classes) for name in ("main_drug", "plus_drug"))
        effect = " ".join(entry["interaction_mechanism"].split()) or "No mechanism is given."
        ref = f"{entry['main_drug']} + {entry['plus_drug']}"
        imported.rows.append(Found(left, right, min(severities, key=ORDER.index), effect, ref))
    return imported


def _entries(path: Path) -> list[dict[str, str]]:
    """Return the entries with text values; `levels` has a level on each line."""
    try:
        entries: list[Mapping[str, object]] = [*json.loads(path.read_text("utf-8"))]
        return [_entry(entry) for entry in entries]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CorruptError([f"{path.name}: not a list of interactions as IMthesaurusANSM writes it"]) from None


def _entry(entry: Mapping[str, object]) -> dict[str, str]:
    names = ("main_drug", "plus_drug", "between_main_and_plus_drug", "interaction_mechanism")
    texts = {name: entry[name] for name in names}
    levels = entry["severity_levels"]
    if not isinstance(levels, list) or not all(isinstance(text, str) for text in texts.values()):
        raise TypeError
    return {**{name: str(text) for name, text in texts.items()}, "levels": "\n".join(each["level"] for each in levels)}


def _term(name: str, classes: Mapping[str, Iterable[str]]) -> str:
    return _slug(name) if _slug(name) in classes else normal(name)


def _slug(name: str) -> str:
    """Return the name of a class: `ansm_` and small letters without accents."""
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return "ansm_" + re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def named(imported: Imported) -> Iterator[str]:
    """Yield the substances of the rows and classes."""
    yield from (name for members in imported.classes.values() for name in members)
    yield from (term for row in imported.rows for term in (row.left, row.right) if term not in imported.classes)
