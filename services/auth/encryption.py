"""The secrets of second factors, encrypted: who reads the database, or a copy of it, computes nobody's codes."""

import os
from functools import cache
from pathlib import Path
from secrets import token_hex

from cryptography.fernet import Fernet, MultiFernet

from chassis import config
from chassis.config import ConfigError

NAME = "secrets.key"
"""A file of Fernet keys, one a line: the first encrypts, all of them decrypt. An operator puts a new one on top."""
PRIVATE = 0o600


def ensure(folder: Path) -> bool:
    """Make the file of keys, whole or not at all, unless there is one; whether it was made."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path, draft = folder / NAME, folder / f".{NAME}.{token_hex(4)}"
    if path.exists():
        return False
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        file.write(Fernet.generate_key() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Unlike a rename this never replaces what another process has made meanwhile, and has perhaps used.
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def encrypted(secret: str) -> bytes:
    """A secret as it is stored."""
    return _keys(config.current().signing_keys).encrypt(secret.encode())


def decrypted(stored: bytes) -> str:
    """A stored secret as it was."""
    return _keys(config.current().signing_keys).decrypt(stored).decode()


@cache
def _keys(folder: Path) -> MultiFernet:
    path = folder / NAME
    if not path.exists():
        raise ConfigError(f"no {NAME} in {folder}: make one with `matron keys`")
    return MultiFernet([Fernet(line) for line in path.read_bytes().split()])
