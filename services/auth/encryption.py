"""Encryption of second factors' secrets, so that a reader of the database cannot compute codes."""

import os
from functools import cache
from pathlib import Path
from secrets import token_hex

from cryptography.fernet import Fernet, MultiFernet

from chassis import config
from chassis.config import ConfigError

NAME = "secrets.key"
"""The file of Fernet keys, a key per line. The first key encrypts, all keys decrypt. Operators add a key at the top."""
PRIVATE = 0o600


def ensure(folder: Path) -> bool:
    """Create the file of keys atomically, unless it exists. Returns whether it was created."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, draft = folder / NAME, folder / f".{NAME}.{token_hex(4)}"
    if path.exists():
        return False
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename, a link never replaces a file that another process created, and may already use.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def encrypted(secret: str) -> bytes:
    """Encrypt a secret."""
    return _keys(config.current().signing_keys).encrypt(secret.encode())


def decrypted(stored: bytes) -> str:
    """Decrypt a stored secret."""
    return _keys(config.current().signing_keys).decrypt(stored).decode()


@cache
def _keys(folder: Path) -> MultiFernet:
    path = folder / NAME
    if not path.exists():
        raise ConfigError(f"no {NAME} in {folder}: make one with `matron keys`")
    return MultiFernet([Fernet(line) for line in path.read_bytes().split()])
