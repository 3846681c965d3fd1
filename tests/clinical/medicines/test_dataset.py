"""Medicine data: usable, missing, corrupt and edited."""

from pathlib import Path

import pytest

from contracts.clinical.medicines import DataState
from services.clinical.medicines import dataset, tables
from services.clinical.medicines.dataset import BUILT_IN, UNREVIEWED
from services.clinical.settings import ClinicalSettings
from tests.clinical.medicine_factories import catalogue, copied, signed
from tests.settings import give_settings


def append(folder: Path, name: str, line: str) -> Path:
    """Append a row to a file, and write the new digest into the manifest."""
    path = folder / name
    path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    return signed(folder)


def test_built_in_data_has_the_size_of_its_scope() -> None:
    found = catalogue()
    sizes = [len(rows) for rows in (found.substances, found.interactions, found.allergies, found.doses)]
    assert all(size >= least for size, least in zip(sizes, (250, 55, 35, 30), strict=True)), sizes


def test_each_row_names_its_source() -> None:
    rows = [*catalogue().interactions, *catalogue().allergies, *catalogue().doses]
    assert all(row.source and row.source_ref for row in rows)


def test_built_in_data_is_unreviewed() -> None:
    data = dataset.load(BUILT_IN)
    assert (data.state, data.reviewed_by, data.notices()) == (DataState.USABLE, None, [UNREVIEWED])


def test_reviewed_data_has_no_notice(tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    manifest = folder / "manifest.toml"
    manifest.write_text(manifest.read_text().replace('reviewed_by = ""', 'reviewed_by = "Ada Okafor"'))
    assert (dataset.load(folder).reviewed_by, dataset.load(folder).notices()) == ("Ada Okafor", [])


@pytest.mark.parametrize("name", ["manifest.toml", *tables.COLUMNS])
def test_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = copied(tmp_path / "data")
    (folder / name).unlink()
    data = dataset.load(folder)
    assert (data.state, data.version) == (DataState.MISSING, None)
    assert data.problems == [f"{name}: No such file or directory"]
    assert "missing" in data.notices()[0]


@pytest.mark.parametrize("name", tables.COLUMNS)
def test_edited_file_is_named(tmp_path: Path, name: str) -> None:
    folder = copied(tmp_path / "data")
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    data = dataset.load(folder)
    assert (data.state, data.problems) == (DataState.EDITED, [f"{name}: its SHA-256 differs from the manifest"])


@pytest.mark.parametrize(
    ("name", "line", "problem"),
    [
        ("substances.csv", "Aspirin,,,", "'Aspirin' is not a name in small letters"),
        ("substances.csv", "newdrug,,x1,", "'x1' is not an RxNorm id"),
        ("substances.csv", "newdrug,,,Bad Class", "['Bad Class'] are not names of classes"),
        ("substances.csv", "warfarin,,,", "warfarin: it is there twice"),
        ("substances.csv", "a,b", "it has not 4 values"),
        ("interactions.csv", "x,warfarin,aspirin,fatal,a,b,c,d,", "'fatal' is not a valid Severity"),
        ("interactions.csv", "x,warfarin,aspirin,serious,a,b,,d,", "source missing"),
        ("interactions.csv", "x,warfarin,xyz,serious,a,b,c,d,", "xyz: it is neither a substance nor a class"),
        ("interactions.csv", "x,warfarin,aspirin,serious,a,b,c,d,soon", "Invalid isoformat string: 'soon'"),
        ("allergy_classes.csv", "x,nsaid,nsaid,mild,none,a,c,d,", "'mild' is not a valid Severity"),
        ("dose_limits.csv", "aspirin,oral,adult,-1,,no,mg,a,b", "'-1' is not a dose"),
        ("dose_limits.csv", "aspirin,oral,adult,,,no,mg,a,b", "it has no limit"),
        ("dose_limits.csv", "aspirin,oral,elf,1,,no,mg,a,b", "'elf' is none of adult, adolescent, child, any"),
        ("dose_limits.csv", "aspirin,nose,adult,1,,no,mg,a,b", "'nose' is not a valid Route"),
        ("dose_limits.csv", "aspirin,oral,adult,1,,no,spoon,a,b", "'spoon' is none of"),
        ("dose_limits.csv", "xyz,oral,adult,1,,no,mg,a,b", "xyz: no substance has it"),
    ],
)
def test_corrupt_row_is_named(tmp_path: Path, name: str, line: str, problem: str) -> None:
    data = dataset.load(append(copied(tmp_path / "data"), name, line))
    assert data.state is DataState.CORRUPT
    assert any(problem in each for each in data.problems), data.problems


@pytest.mark.parametrize("text", ["version = ", 'version = ""\n[sha256]\n', "version = 1\n", ""])
def test_corrupt_manifest_is_named(tmp_path: Path, text: str) -> None:
    folder = copied(tmp_path / "data")
    (folder / "manifest.toml").write_text(text)
    data = dataset.load(folder)
    assert data.state in (DataState.CORRUPT, DataState.EDITED)
    assert "manifest" in data.problems[0]


def test_changed_folder_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(tmp_path / "data")
    give_settings(monkeypatch, ClinicalSettings(medicine_data=folder))
    assert dataset.notice()["state"] == DataState.USABLE
    (folder / "interactions.csv").write_text("x")
    assert dataset.notice() == {
        "state": DataState.EDITED,
        "version": None,
        "reviewed_by": None,
        "notices": ["A file of the medicine data differs from its manifest: nothing is checked."],
    }
