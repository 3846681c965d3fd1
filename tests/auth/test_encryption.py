"""Encryption of the stored secrets of second factors."""

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


def test_secret_is_decrypted_as_it_was_encrypted(folder: Path) -> None:
    encryption.ensure(folder)
    assert encryption.decrypted(encryption.encrypted(SECRET)) == SECRET


def test_stored_secret_is_unreadable(folder: Path) -> None:
    encryption.ensure(folder)
    assert SECRET.encode() not in encryption.encrypted(SECRET)


def test_changed_secret_is_not_decrypted(folder: Path) -> None:
    encryption.ensure(folder)
    stored = encryption.encrypted(SECRET)
    with pytest.raises(InvalidToken):
        encryption.decrypted(stored[:-4] + b"AAA=")


def test_key_file_is_readable_only_by_its_owner(folder: Path) -> None:
    encryption.ensure(folder)
    assert stat.S_IMODE((folder / encryption.NAME).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_key_file_is_created_once(folder: Path) -> None:
    assert encryption.ensure(folder)
    made = (folder / encryption.NAME).read_bytes()
    assert not encryption.ensure(folder)
    assert (folder / encryption.NAME).read_bytes() == made


def test_key_file_of_the_first_of_two_processes_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    assert encryption.ensure(folder)
    made = (folder / encryption.NAME).read_bytes()
    assert not encryption.ensure(folder)
    assert (folder / encryption.NAME).read_bytes() == made


def test_key_creation_leaves_no_draft(folder: Path) -> None:
    encryption.ensure(folder)
    assert [path.name for path in folder.iterdir()] == [encryption.NAME]


def test_secret_of_an_older_key_is_decrypted(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encryption.ensure(folder)
    stored, old = encryption.encrypted(SECRET), (folder / encryption.NAME).read_bytes()
    both = tmp_path / "both"
    both.mkdir()
    (both / encryption.NAME).write_bytes(Fernet.generate_key() + b"\n" + old)
    monkeypatch.setattr(config, "_current", replace(config.current(), signing_keys=both))
    assert encryption.decrypted(stored) == SECRET


def test_missing_key_file_is_a_configuration_error(folder: Path) -> None:
    folder.mkdir()
    with pytest.raises(ConfigError, match="matron keys"):
        encryption.encrypted(SECRET)
