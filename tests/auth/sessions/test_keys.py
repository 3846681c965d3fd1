"""The keys that sign access tokens."""

import stat
import time
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from uuid_utils.compat import uuid7

from chassis.config import ConfigError
from chassis.errors import Unauthenticated
from chassis.identity import Verifier
from services.auth.sessions import keys
from tokens import AUDIENCE, ISSUER, sign
from tokens.keys import KeySet


def mode_of(path: Path) -> int:
    """The permissions of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def token_signed_in(folder: Path) -> str:
    """An access token of the folder's newest key."""
    key_id, key = keys.newest(folder)
    now = int(time.time())
    names = {"iss": ISSUER, "aud": AUDIENCE, "sub": str(uuid7()), "sid": str(uuid7()), "jti": "1"}
    return sign(key, key_id, {**names, "iat": now, "exp": now + 60, "roles": [], "verified": True})


def test_private_keys_are_readable_only_by_their_owner(tmp_path: Path) -> None:
    key_id = keys.make_key(tmp_path / "private", tmp_path / "jwks.json")
    assert mode_of(tmp_path / "private") == 0o700
    assert mode_of(tmp_path / "private" / f"{key_id}.pem") == 0o600
    assert "d" not in orjson.loads((tmp_path / "jwks.json").read_bytes())["keys"][0]


def test_newest_key_signs(tmp_path: Path) -> None:
    made = [keys.make_key(tmp_path, tmp_path / "jwks.json") for _ in range(3)]
    assert keys.newest(tmp_path)[0] == made[-1]


def test_tokens_of_an_older_key_are_valid(tmp_path: Path) -> None:
    keys.make_key(tmp_path, tmp_path / "jwks.json")
    old = token_signed_in(tmp_path)
    keys.make_key(tmp_path, tmp_path / "jwks.json")
    verifier = Verifier(KeySet(tmp_path / "jwks.json"))
    assert verifier.actor(old).verified
    assert verifier.actor(token_signed_in(tmp_path)).verified


def believed(folder: Path) -> list[str]:
    """The ids of the published keys."""
    return [key["kid"] for key in orjson.loads((folder / "jwks.json").read_bytes())["keys"]]


def test_only_the_newest_private_key_is_kept(tmp_path: Path) -> None:
    made = [keys.make_key(tmp_path, tmp_path / "jwks.json") for _ in range(3)]
    assert [path.stem for path in tmp_path.glob("*.pem")] == [made[-1]]
    assert believed(tmp_path) == made


def test_key_is_unpublished_when_its_tokens_have_expired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for hours in (2, 1, 0):
        milliseconds = int(time.time() - 3600 * hours) * 1000
        monkeypatch.setattr(keys, "uuid7", lambda at=milliseconds: UUID(int=at << 80 | 7 << 76 | 2 << 62))
        made.append(keys.make_key(tmp_path, tmp_path / "jwks.json"))
    assert believed(tmp_path) == made[1:]


def test_stolen_key_is_unpublished_at_once(tmp_path: Path) -> None:
    keys.make_key(tmp_path, tmp_path / "jwks.json")
    stolen = token_signed_in(tmp_path)
    verifier = Verifier(KeySet(tmp_path / "jwks.json"))
    assert verifier.actor(stolen).verified
    keys.make_key(tmp_path, tmp_path / "jwks.json", at_once=True)
    verifier.key_set.looked_at = 0.0  # As after the seconds between two looks.
    with pytest.raises(Unauthenticated, match="token_invalid"):
        verifier.actor(stolen)


def test_key_is_created_only_when_missing(tmp_path: Path) -> None:
    assert keys.ensure_key(tmp_path, tmp_path / "jwks.json")
    assert not keys.ensure_key(tmp_path, tmp_path / "jwks.json")


def test_folder_without_keys_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="matron keys"):
        keys.newest(tmp_path)


def test_key_creation_leaves_no_draft(tmp_path: Path) -> None:
    key_id = keys.make_key(tmp_path, tmp_path / "jwks.json")
    assert {path.name for path in tmp_path.iterdir()} == {"jwks.json", f"{key_id}.pem"}
