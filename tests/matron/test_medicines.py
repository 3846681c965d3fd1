"""The commands `matron medicines check` and `matron medicines import`."""

from pathlib import Path

from services.clinical.medicines.dataset import BUILT_IN
from tests.clinical.medicine_factories import copied, signed
from tests.matron.conftest import Matron

DDINTER = "DDInterID_A,Drug_A,DDInterID_B,Drug_B,Level\nDDInter1,Warfarin,DDInter2,Testdrug,Major\n"


def test_built_in_data_has_no_difference(matron: Matron) -> None:
    code, out, _err = matron("medicines", "check", BUILT_IN)
    assert code == 0
    assert "unreviewed" in out
    assert "0 rows differ" in out


def test_check_prints_the_difference_to_the_built_in_data(matron: Matron, tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    path = folder / "interactions.csv"
    lines = path.read_text("utf-8").splitlines()
    changed = [line.replace("Higher risk of bleeding.", "Bleeding.") for line in lines if "onc-qt-qt" not in line]
    path.write_text("\n".join([*changed, "x,warfarin,aspirin,serious,a,b,c,d,"]) + "\n", "utf-8")
    code, out, _err = matron("medicines", "check", signed(folder))
    found = [tuple(line.split()) for line in out.splitlines() if line.startswith("interactions.csv")]
    assert code == 0
    assert found == [
        ("interactions.csv", "removed", "onc-qt-qt"),
        ("interactions.csv", "added", "x"),
        ("interactions.csv", "changed", "warfarin-nsaid"),
    ]


def test_check_fails_on_edited_data(matron: Matron, tmp_path: Path) -> None:
    folder = copied(tmp_path / "data")
    (folder / "substances.csv").write_text("x")
    code, out, _err = matron("medicines", "check", folder)
    assert (code, out.splitlines()[0]) == (1, "substances.csv: its SHA-256 differs from the manifest")


def test_import_writes_a_folder_that_can_be_used(matron: Matron, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(DDINTER)
    code, out, _err = matron("medicines", "import", "ddinter", tmp_path / "x.csv", "--to", tmp_path / "data")
    assert code == 0
    assert "wrote 1 interactions" in out
    assert "not for commercial use" in out
    assert matron("medicines", "check", tmp_path / "data")[0] == 0


def test_import_of_another_file_ends_in_one_line(matron: Matron, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n")
    code, _out, err = matron("medicines", "import", "ddinter", tmp_path / "x.csv", "--to", tmp_path / "data")
    assert (code, err.count("\n")) == (2, 1)
    assert "the columns are not DDInterID_A" in err


def test_import_never_overwrites_a_folder(matron: Matron, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text(DDINTER)
    (tmp_path / "data").mkdir()
    code, _out, err = matron("medicines", "import", "ddinter", tmp_path / "x.csv", "--to", tmp_path / "data")
    assert code == 2
    assert "File exists" in err
