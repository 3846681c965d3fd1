"""The Ed25519 keys of access tokens: the newest key signs, all published keys verify."""

import math
import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from secrets import token_hex
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from uuid_utils import uuid7

from chassis import clock, config
from chassis.config import ConfigError
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.sessions import ListPublicKeys
from services.auth import encryption
from tokens import ALGORITHM

PRIVATE = 0o600
PUBLIC = 0o644
TOKENS_END = timedelta(minutes=20)
"""The time that a replaced key stays published: the life of an access token, plus clock skew."""
MILLISECONDS = 80
"""The number of bits after the timestamp in a UUID of version 7."""


def make_key(folder: Path, jwks_file: Path, *, at_once: bool = False) -> str:
    """Create the key that signs from now on, and return its id.

    The public keys are written first, so that every process can verify the first token. Older keys stop signing. They
    verify until their last token has expired, or with `at_once` (after a theft) stop verifying too. Key ids grow with
    time, so the file names sort by age.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    key_id, key = str(uuid7()), Ed25519PrivateKey.generate()
    believed = [] if at_once else _still_believed(jwks_file)
    _write(jwks_file, orjson.dumps({"keys": [*believed, _public(key_id, key)]}, option=orjson.OPT_INDENT_2), PUBLIC)
    _write(folder / f"{key_id}.pem", _pem(key), PRIVATE)
    for path in folder.glob("*.pem"):
        if path.stem != key_id:
            path.unlink()
    return key_id


def _still_believed(jwks_file: Path) -> list[dict[str, Any]]:
    """The published keys that may have unexpired tokens: their successor is younger than `TOKENS_END`."""
    known = _published(jwks_file)["keys"]
    since = int((clock.now() - TOKENS_END).timestamp() * 1000)
    followers = [UUID(key["kid"]).int >> MILLISECONDS for key in known[1:]]
    return [key for key, replaced in zip(known, [*followers, math.inf], strict=False) if replaced > since]


def ensure_key(folder: Path, jwks_file: Path) -> bool:
    """Create a key unless a published key exists. Returns whether it created one.

    Also creates the key that encrypts second factors.
    """
    encryption.ensure(folder)
    if jwks_file.exists() and any(folder.glob("*.pem")):
        return False
    make_key(folder, jwks_file)
    return True


def newest(folder: Path) -> tuple[str, Ed25519PrivateKey]:
    """The id and the key that sign tokens. ConfigError: the folder has no key."""
    path = max(folder.glob("*.pem"), default=None)
    if path is None:
        raise ConfigError(f"no signing key in {folder}: make one with `matron keys`")
    return path.stem, _load(path)


def published(_session: Session, _actor: Actor, _query: ListPublicKeys) -> dict[str, Any]:
    """The public keys as a JSON Web Key Set (RFC 7517). Empty before the first key exists."""
    return _published(config.current().jwks_file)


def _published(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(path.read_bytes()) if path.exists() else {"keys": []}
    return found


@cache
def _load(path: Path) -> Ed25519PrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{path} is not an Ed25519 key")
    return key


def _public(key_id: str, key: Ed25519PrivateKey) -> dict[str, Any]:
    return {**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "alg": ALGORITHM, "use": "sig"}


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    draft.replace(path)
