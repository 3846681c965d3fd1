"""The fonts of papers, and the characters that they cover.

Typst finds the fonts of the system, such as Debian's `fonts-noto-core` and `fonts-droid-fallback`, and embeds a few
for Latin, Greek and Cyrillic. It prints a box for a character without a font, and does not report it.
"""

import mmap
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from struct import unpack_from

import typst

Range = tuple[int, int]
EMBEDDED: tuple[Range, ...] = ((0x20, 0x24F), (0x300, 0x3FF), (0x400, 0x52F), (0x1E00, 0x1EFF), (0x2010, 0x20BF))
"""The blocks of Unicode that typst's own fonts cover."""
COLLECTION = b"ttcf"
SEGMENTS, GROUPS = 4, 12
"""The formats of OpenType's `cmap` table for 16-bit and for all characters."""
INVISIBLE = ("Cc", "Cf", "Zs", "Zl", "Zp")
"""The Unicode categories that need no glyph: controls, format characters and separators."""


@cache
def all_fonts() -> typst.Fonts:
    """Return all fonts. The first call reads the folders of the system."""
    return typst.Fonts()


def uncovered(text: str) -> int:
    """Return the number of different characters that no font covers."""
    starts, ends = _covered()
    return sum(not _is_in(ord(sign), starts, ends) for sign in set(text) if unicodedata.category(sign) not in INVISIBLE)


def _is_in(code: int, starts: list[int], ends: list[int]) -> bool:
    place = bisect_right(starts, code) - 1
    return place >= 0 and code <= ends[place]


@cache
def _covered() -> tuple[list[int], list[int]]:
    """Return the first and the last characters of all covered ranges, in ascending order."""
    files = {(font.path, font.index) for font in all_fonts().fonts() if font.path is not None}
    merged: list[list[int]] = []
    for start, end in sorted({*EMBEDDED, *(each for path, index in files for each in _ranges_of(Path(path), index))}):
        if merged and start <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return [start for start, _end in merged], [end for _start, end in merged]


def _ranges_of(path: Path, index: int) -> Iterable[Range]:
    """Return the ranges of characters of a font file. `index` is the font's place in a collection."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as font:
        return [each for table in _tables(font, index) for each in _ranges(font, table)]


def _tables(font: mmap.mmap, index: int) -> Iterator[int]:
    """Yield the positions of a font's tables of characters."""
    start = unpack_from(">I", font, 12 + 4 * index)[0] if font[:4] == COLLECTION else 0
    for number in range(unpack_from(">H", font, start + 4)[0]):
        tag, _checksum, position = unpack_from(">4sII", font, start + 12 + 16 * number)
        if tag == b"cmap":
            count = unpack_from(">H", font, position + 2)[0]
            yield from (position + unpack_from(">I", font, position + 8 + 8 * each)[0] for each in range(count))


def _ranges(font: mmap.mmap, table: int) -> list[Range]:
    """Return the ranges of one table of characters; none for rare formats."""
    kind = unpack_from(">H", font, table)[0]
    if kind == GROUPS:
        groups = unpack_from(">I", font, table + 12)[0]
        return [unpack_from(">II", font, table + 16 + 12 * number) for number in range(groups)]
    if kind != SEGMENTS:
        return []
    size = unpack_from(">H", font, table + 6)[0]
    ends = unpack_from(f">{size // 2}H", font, table + 14)
    starts = unpack_from(f">{size // 2}H", font, table + 16 + size)
    return list(zip(starts, ends, strict=True))
