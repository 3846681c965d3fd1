"""The public keys of the auth service by key id, from a file. A changed file is read again."""

import time
from pathlib import Path

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LOOK_SECONDS = 5.0
"""Limit for which a removed key may still be accepted."""


class UnknownKey(Exception):
    """No key has this id."""


class KeySet:
    """The keys that verify tokens."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys: dict[str, Ed25519PublicKey] = {}
        self.stamp: tuple[int, ...] = ()
        self.looked_at = 0.0

    def find(self, key_id: object) -> Ed25519PublicKey:
        """Return the key with this id. For an unknown id, read the file again first. `UnknownKey`."""
        if key_id not in self.keys:
            self.look()
        if not isinstance(key_id, str) or key_id not in self.keys:
            raise UnknownKey
        return self.keys[key_id]

    def look(self) -> bool:
        """Read the file if it has changed. Return whether a known key was removed. A missing file changes nothing."""
        self.looked_at = time.monotonic()
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            return False
        stamp = (facts.st_mtime_ns, facts.st_size, facts.st_ino)
        return stamp != self.stamp and self._read(stamp)

    def _read(self, stamp: tuple[int, ...]) -> bool:
        found = orjson.loads(self.path.read_bytes())["keys"]
        known, self.keys = self.keys, {one["kid"]: jwt.PyJWK.from_dict(one).key for one in found}
        self.stamp = stamp
        return not known.keys() <= self.keys.keys()

    def has_lost_one(self) -> bool:
        """Whether a key was removed. Reads the file at most every `LOOK_SECONDS`."""
        return time.monotonic() - self.looked_at > LOOK_SECONDS and self.look()
