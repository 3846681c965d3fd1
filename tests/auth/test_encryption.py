"""The secrets of second factors, as they are stored."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken

from chassis import config
from chassis.config import Config, ConfigError
from services.auth import encryption

SECRET = "JBSWY3DPEHPK3PXP"


@pytest.fixture
def folder(tmp_path: Path, settings: Config, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of private keys, which the settings name."""
    monkeypatch.setattr(config, "_current", replace(settings, signing_keys=tmp_path / "private"))
    return tmp_path / "private"


def test_a_secret_comes_back_as_it_was(folder: Path) -> None:
    encryption.ensure(folder)
    assert encryption.decrypted(encryption.encrypted(SECRET)) == SECRET


def test_a_stored_secret_cannot_be_read(folder: Path) -> None:
    encryption.ensure(folder)
    assert SECRET.encode() not in encryption.encrypted(SECRET)


def test_a_secret_that_was_changed_is_not_decrypted(folder: Path) -> None:
    encryption.ensure(folder)
    stored = encryption.encrypted(SECRET)
    with pytest.raises(InvalidToken):
        encryption.decrypted(stored[:-4] + b"AAA=")


def test_the_file_is_for_its_owner_alone(folder: Path) -> None:
    encryption.ensure(folder)
    assert stat.S_IMODE((folder / encryption.NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_file_is_made_once(folder: Path) -> None:
    assert encryption.ensure(folder)
    made = (folder / encryption.NAME).read_bytes()
    assert not encryption.ensure(folder)
    assert (folder / encryption.NAME).read_bytes() == made


def test_of_two_who_make_the_file_at_once_the_first_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    assert encryption.ensure(folder)
    made = (folder / encryption.NAME).read_bytes()
    assert not encryption.ensure(folder)
    assert (folder / encryption.NAME).read_bytes() == made


def test_no_draft_is_left_behind(folder: Path) -> None:
    encryption.ensure(folder)
    assert [path.name for path in folder.iterdir()] == [encryption.NAME]


def test_under_a_new_key_on_top_what_the_old_one_wrote_is_still_read(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encryption.ensure(folder)
    stored, old = encryption.encrypted(SECRET), (folder / encryption.NAME).read_bytes()
    both = tmp_path / "both"
    both.mkdir()
    (both / encryption.NAME).write_bytes(Fernet.generate_key() + b"\n" + old)
    monkeypatch.setattr(config, "_current", replace(config.current(), signing_keys=both))
    assert encryption.decrypted(stored) == SECRET


def test_a_folder_without_the_file_is_a_mistake_of_the_settings(folder: Path) -> None:
    folder.mkdir()
    with pytest.raises(ConfigError, match="matron keys"):
        encryption.encrypted(SECRET)
