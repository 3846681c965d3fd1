"""Folders of medicine data: the difference between two, and a new one with imported interactions."""

import csv
import io
import json
import shutil
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.clinical.medicines import imports, tables
from services.clinical.medicines.dataset import LONGEST_VERSION, MANIFEST, digest_of, load
from services.clinical.medicines.imports import Imported
from services.clinical.medicines.tables import CorruptError, Row

KEYS: Mapping[str, tuple[str, ...]] = {
    "substances.csv": ("substance",),
    "interactions.csv": ("id",),
    "allergy_classes.csv": ("id",),
    "dose_limits.csv": ("substance", "route", "population", "per_kg"),
}
"""The columns that name a row of each file."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that only one of two folders has, or that has other values."""

    file: str
    change: str
    row: str


def differences(old: Path, new: Path) -> list[Difference]:
    """Return what a new folder changes. CorruptError or OSError: a file of one of them cannot be read."""
    return [found for name in tables.COLUMNS for found in _changed(name, _rows(old, name), _rows(new, name))]


def _changed(name: str, old: Mapping[str, Row], new: Mapping[str, Row]) -> Iterable[Difference]:
    yield from (Difference(name, "removed", key) for key in old if key not in new)
    yield from (Difference(name, "added", key) for key in new if key not in old)
    yield from (Difference(name, "changed", key) for key in new if key in old and new[key] != old[key])


def _rows(folder: Path, name: str) -> dict[str, Row]:
    rows = tables.rows_of(name, (folder / name).read_text("utf-8"))
    return {" ".join(row[column] for column in KEYS[name]): row for row in rows}


def write_import(base: Path, imported: Imported, to: Path) -> None:
    """Write a new folder: the base with the imported interactions, unreviewed. CorruptError: the result is not valid.

    FileExistsError: the folder exists.
    """
    shutil.copytree(base, to)
    try:
        _extend(to, imported)
    except CorruptError:
        shutil.rmtree(to)
        raise


def _extend(folder: Path, imported: Imported) -> None:
    known = _rows(folder, "substances.csv")
    _write(folder, "substances.csv", [*_with_classes(known, imported), *_new_substances(known, imported)])
    _write(folder, "interactions.csv", [*_rows(folder, "interactions.csv").values(), *_interactions(imported)])
    _sign(folder, imported)
    data = load(folder)
    if data.catalogue is None:
        raise CorruptError(data.problems)


def _with_classes(known: Mapping[str, Row], imported: Imported) -> list[Row]:
    more = _classes_of(imported)
    return [
        {**row, "classes": ";".join(filter(None, (row["classes"], *more.get(name, ()))))} for name, row in known.items()
    ]


def _new_substances(known: Mapping[str, Row], imported: Imported) -> list[Row]:
    """Return the substances that are neither a substance of the base nor one of its synonyms."""
    names = {name for row in known.values() for name in (row["substance"], *row["synonyms"].split(";"))}
    more = _classes_of(imported)
    return [
        {"substance": name, "synonyms": "", "rxnorm": "", "classes": ";".join(more.get(name, ()))}
        for name in sorted(set(imports.named(imported)) - names)
    ]


def _classes_of(imported: Imported) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group, members in imported.classes.items():
        for name in members:
            found.setdefault(name, []).append(group)
    return found


def _interactions(imported: Imported) -> list[Row]:
    prefix = imported.source.casefold()
    return [
        {
            "id": f"{prefix}-{number}",
            "left": row.left,
            "right": row.right,
            "severity": row.severity,
            "effect": row.effect,
            "advice": f"See {imported.source}.",
            "source": imported.source,
            "source_ref": row.ref,
            "reviewed_on": "",
        }
        for number, row in enumerate(imported.rows, 1)
    ]


def _write(folder: Path, name: str, rows: Sequence[Row]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, tables.COLUMNS[name], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    (folder / name).write_text(text.getvalue(), "utf-8")


def _sign(folder: Path, imported: Imported) -> None:
    """Write the manifest of the new content. A review of the base does not cover it."""
    manifest = tomllib.loads((folder / MANIFEST).read_text("utf-8"))
    manifest["version"] = f"{manifest['version']}+{imported.source.casefold()}"[:LONGEST_VERSION]
    manifest["reviewed_by"] = ""
    manifest["licences"] = {**manifest.get("licences", {}), imported.source: imported.licence}
    manifest["sha256"] = {name: digest_of((folder / name).read_bytes()) for name in tables.COLUMNS}
    (folder / MANIFEST).write_text(_toml(manifest), "utf-8")


def _toml(manifest: Mapping[str, object]) -> str:
    """Write texts, lists of texts, and tables of both. Their JSON form is also TOML."""
    plain = {name: value for name, value in manifest.items() if not isinstance(value, dict)}
    lines = _lines(plain)
    for name, value in manifest.items():
        if isinstance(value, dict):
            lines += ["", f"[{name}]", *_lines(value)]
    return "\n".join(lines) + "\n"


def _lines(values: Mapping[str, object]) -> list[str]:
    return [f"{_quoted(name)} = {_quoted(value)}" for name, value in values.items()]


def _quoted(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_quoted, value))}]"
    return json.dumps(str(value), ensure_ascii=False)
