"""The manifest of reference data: digests, columns, and the faults of a folder."""

from pathlib import Path

import pytest

from contracts.clinical.data import DataStatus
from services.clinical.data import manifest
from services.clinical.data.manifest import DataError
from services.clinical.lab_catalogue import tables
from tests.clinical.catalogue_factories import CODE, folder_of, sign


def _fault(folder: Path) -> DataStatus:
    """Read the tests of a folder; return why they cannot be used."""
    with pytest.raises(DataError) as refused:
        manifest.read(folder).rows(tables.TESTS, tables.TEST_COLUMNS)
    return refused.value.status


def test_rows_are_read_by_column(tmp_path: Path) -> None:
    found = manifest.read(folder_of(tmp_path)).rows(tables.TESTS, tables.TEST_COLUMNS)
    assert [row["code"] for row in found] == [CODE]


def test_data_is_unreviewed_until_an_expert_signs_it(tmp_path: Path) -> None:
    assert manifest.read(folder_of(tmp_path)).status is DataStatus.UNREVIEWED
    sign(tmp_path, "Dr Lena Weiss")
    assert manifest.read(tmp_path).status is DataStatus.REVIEWED


def test_folder_without_a_manifest_is_missing(tmp_path: Path) -> None:
    assert _fault(tmp_path) is DataStatus.MISSING


@pytest.mark.parametrize("text", ["version =", 'version = "7"', 'version = ""\nreviewed_by = ""\n[files]\n'])
def test_malformed_manifest_is_unreadable(tmp_path: Path, text: str) -> None:
    (folder_of(tmp_path) / "manifest.toml").write_text(text)
    assert _fault(tmp_path) is DataStatus.UNREADABLE


def test_missing_file_is_missing(tmp_path: Path) -> None:
    (folder_of(tmp_path) / tables.TESTS).unlink()
    assert _fault(tmp_path) is DataStatus.MISSING


def test_changed_file_is_edited(tmp_path: Path) -> None:
    with (folder_of(tmp_path) / tables.TESTS).open("a") as file:
        file.write("\n")
    assert _fault(tmp_path) is DataStatus.EDITED


@pytest.mark.parametrize("content", [b"code,name\n1,2\n", b"\xff\xfe", b'code,"name\n'])
def test_file_with_other_content_is_unreadable(tmp_path: Path, content: bytes) -> None:
    (folder_of(tmp_path) / tables.TESTS).write_bytes(content)
    sign(tmp_path)
    assert _fault(tmp_path) is DataStatus.UNREADABLE
