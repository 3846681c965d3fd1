"""Importers of DDInter and of ANSM's thesaurus."""

import json
from pathlib import Path

import pytest

from services.clinical.medicines import imports
from services.clinical.medicines.dataset import BUILT_IN, load
from services.clinical.medicines.folders import write_import
from services.clinical.medicines.imports import Imported
from services.clinical.medicines.rules import Catalogue
from services.clinical.medicines.tables import CorruptError

DDINTER = """DDInterID_A,Drug_A,DDInterID_B,Drug_B,Level
DDInter1,Warfarin,DDInter2,Testdrug,Major
DDInter1,Warfarin,DDInter3,Ibuprofen,Moderate
DDInter1,Warfarin,DDInter4,Water,Minor
DDInter1,Warfarin,DDInter5,Air,Unknown
"""


def ansm_entry(main: str, plus: str, between: str, *levels: str) -> dict[str, object]:
    """Return an entry as IMthesaurusANSM writes it."""
    found = [{"level": level, "info": ""} for level in levels]
    texts = {"main_drug": main, "plus_drug": plus, "between_main_and_plus_drug": between}
    return {**texts, "severity_levels": found, "interaction_mechanism": "Risque\n majoré.", "description": ""}


@pytest.fixture
def ddinter(tmp_path: Path) -> Imported:
    path = tmp_path / "ddinter.csv"
    path.write_text(DDINTER)
    return imports.ddinter(path)


@pytest.fixture
def ansm(tmp_path: Path) -> Imported:
    path = tmp_path / "ansm.json"
    entries = [
        ansm_entry("FIBRATES", "GEMTEST", "(bezafibrate, ciprofibrate)", "Précaution d'emploi", "CONTRE-INDICATION"),
        ansm_entry("CYPROTERONE", "FIBRATES", "", "Association DECONSEILLEE"),
        ansm_entry("CYPROTERONE", "EAU", ""),
    ]
    path.write_text(json.dumps(entries))
    return imports.ansm(path)


def written(imported: Imported, folder: Path) -> Catalogue:
    """Write the folder with the import; return its data."""
    write_import(BUILT_IN, imported, folder)
    found = load(folder).catalogue
    assert found is not None
    return found


def test_ddinter_rows_become_interactions(ddinter: Imported) -> None:
    found = [(row.left, row.right, row.severity, row.ref) for row in ddinter.rows]
    assert found == [
        ("warfarin", "testdrug", "serious", "DDInter1 with DDInter2"),
        ("warfarin", "ibuprofen", "caution", "DDInter1 with DDInter3"),
    ]
    assert ddinter.skipped == 2


def test_ddinter_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(CorruptError, match="the columns are not DDInterID_A"):
        imports.ddinter(tmp_path / "x.csv")


def test_ansm_entries_take_the_most_severe_level(ansm: Imported) -> None:
    found = [(row.left, row.right, row.severity, row.effect) for row in ansm.rows]
    assert found == [
        ("ansm_fibrates", "gemtest", "contraindicated", "Risque majoré."),
        ("cyproterone", "ansm_fibrates", "serious", "Risque majoré."),
    ]
    assert (ansm.classes, ansm.skipped) == ({"ansm_fibrates": ["bezafibrate", "ciprofibrate"]}, 1)


@pytest.mark.parametrize("content", ["[", "1", '{"a": 1}', '[{"main_drug": 1}]', "[1]"])
def test_ansm_file_of_another_form_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(CorruptError, match="not a list of interactions"):
        imports.ansm(tmp_path / "x.json")


def test_import_extends_the_base_and_needs_a_new_review(ddinter: Imported, tmp_path: Path) -> None:
    found = written(ddinter, tmp_path / "data")
    assert [row.id for row in found.interactions[-2:]] == ["ddinter-1", "ddinter-2"]
    assert "testdrug" in found.substances
    assert (found.version.endswith("+ddinter"), found.reviewed_by) == (True, "")


def test_imported_class_has_its_members(ansm: Imported, tmp_path: Path) -> None:
    assert written(ansm, tmp_path / "data").members["ansm_fibrates"] == {"bezafibrate", "ciprofibrate"}


def test_import_with_a_conflict_leaves_no_folder(ddinter: Imported, tmp_path: Path) -> None:
    written(ddinter, tmp_path / "data")
    with pytest.raises(CorruptError, match="ddinter-1: it is there twice"):
        write_import(tmp_path / "data", ddinter, tmp_path / "again")
    assert not (tmp_path / "again").exists()
