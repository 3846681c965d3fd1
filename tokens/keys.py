"""The public keys of the auth service, by key id, from a file that is looked at again when it has changed."""

import time
from pathlib import Path
from typing import Any

import jwt
import orjson

LOOK_SECONDS = 5.0
"""How long a key that has been taken away may go on being believed."""


class UnknownKey(Exception):
    """No key has this id."""


class KeySet:
    """The keys that tokens are verified with."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys: dict[str, Any] = {}
        self.stamp: tuple[int, ...] = ()
        self.looked_at = 0.0

    def find(self, key_id: object) -> Any:
        """The key with this id, which may have been made a moment ago. `UnknownKey`."""
        if key_id not in self.keys:
            self.look()
        if not isinstance(key_id, str) or key_id not in self.keys:
            raise UnknownKey
        return self.keys[key_id]

    def look(self) -> bool:
        """Read the file if it has changed; whether a known key is gone. A missing file changes nothing."""
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
        """Whether a key was taken away; looks every `LOOK_SECONDS`, whoever asks."""
        return time.monotonic() - self.looked_at > LOOK_SECONDS and self.look()
