"""Check the content of a file against its declared type, while its bytes pass.

Nothing is decoded, so a decompression bomb costs no more than its bytes. A format (`gateway.files.formats`) is a
generator that asks for bytes, and ends where the file must end.
"""

import re
from collections.abc import Generator
from dataclasses import dataclass
from hashlib import sha256

from chassis.errors import Invalid
from chassis.refusals import Refusal

FILE_NOT_AS_DECLARED = Refusal(
    Invalid,
    "file_not_as_declared",
    "The content of the file is not of the declared type.",
    "The file is damaged, incomplete or of another type than its part declares.",
)
FILE_TOO_EXPANSIVE = Refusal(
    Invalid,
    "file_too_expansive",
    "The file would expand to more than a chart takes.",
    "The image has more than 100 million pixels, or the file is compressed in a way that can fill a memory.",
)


@dataclass(frozen=True, slots=True)
class Exactly:
    """Ask for this many bytes."""

    count: int


@dataclass(frozen=True, slots=True)
class Some:
    """Ask for the next bytes, at most this many; none at the end of the file."""

    most: int


@dataclass(frozen=True, slots=True)
class Marker:
    """Ask for the next match of a pattern of two bytes. The bytes before it are skipped."""

    pattern: re.Pattern[bytes]


Want = Exactly | Some | Marker
Format = Generator[Want, bytes, None]


class Inspection:
    """The check of one file: its type, its size and its digest."""

    def __init__(self, expected: Format) -> None:
        self.expected, self.digest, self.size = expected, sha256(), 0
        self.rest = bytearray()
        self.want: Want | None = next(expected)

    def feed(self, data: bytes) -> None:
        """Check the next bytes. Invalid: `file_not_as_declared` or `file_too_expansive`."""
        self.digest.update(data)
        self.size += len(data)
        self.rest += data
        while self.want is not None:
            found = self._found(self.want)
            if found is None:
                return
            self._answer(found)
        if self.rest:
            raise FILE_NOT_AS_DECLARED()

    def finish(self) -> str:
        """Return the SHA-256 digest of a complete file. Invalid: the file ends too early."""
        if isinstance(self.want, Some):
            self._answer(b"")
        if self.want is not None:
            raise FILE_NOT_AS_DECLARED()
        return self.digest.hexdigest()

    def _found(self, want: Want) -> bytes | None:
        """Return the wanted bytes, and remove them; None if more bytes must come first."""
        if isinstance(want, Marker):
            return self._marker(want.pattern)
        count = want.count if isinstance(want, Exactly) else min(want.most, len(self.rest))
        if len(self.rest) < count or (count == 0 and isinstance(want, Some)):
            return None
        found = bytes(self.rest[:count])
        del self.rest[:count]
        return found

    def _marker(self, pattern: re.Pattern[bytes]) -> bytes | None:
        match = pattern.search(self.rest)
        if match is None:
            del self.rest[:-1]  # The last byte may be the first of a match.
            return None
        found = match[0]
        del self.rest[: match.end()]
        return found

    def _answer(self, found: bytes) -> None:
        try:
            self.want = self.expected.send(found)
        except StopIteration:
            self.want = None
