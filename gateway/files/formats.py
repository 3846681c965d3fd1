"""The formats of files in a chart: the structure that shows the type, without decoding.

Sources: PNG, third edition (W3C); JPEG, ITU T.81; PDF 2.0, ISO 32000-2, 7.5; DICOM PS3.10, 7.
"""

import re
import zlib
from collections.abc import Callable, Generator, Mapping

from contracts.clinical.attachments import MediaType
from gateway.files.contents import FILE_NOT_AS_DECLARED, FILE_TOO_EXPANSIVE, Exactly, Format, Marker, Some, Want

MOST_PIXELS = 100_000_000
"""A scanned A3 page at 600 dpi has 70 million pixels."""
MOST_ANCILLARY = 1024 * 1024
"""Bytes of a compressed text or colour profile in a PNG. Deflate expands at most 1,032 times."""
EXPANSION = 1_032
"""The most bytes that one byte of deflate gives."""
MOST_SCANS = 100
"""Scans of a JPEG. Progressive images have about ten; each scan costs a viewer as much as the whole image."""
PIECE = 64 * 1024
TAIL = 1024
"""The end of a PDF in which `%%EOF` must stand (ISO 32000-2, annex implementation notes)."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHUNK = re.compile(rb"[A-Za-z]{2}[A-Z][A-Za-z]")
_BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_COMPRESSED = (b"zTXt", b"iTXt", b"iCCP")


def png() -> Format:
    """A signature, then chunks with checksums: IHDR first, IDAT, IEND last."""
    _must((yield Exactly(8)) == _SIGNATURE)
    name, length = yield from _chunk_head()
    _must(name == b"IHDR" and length == 13)  # noqa: PLR2004  the length of IHDR
    expected, packed = _raw_size((yield from _checked(name, length))), 0
    while name != b"IEND":
        name, length = yield from _chunk_head()
        _must(name != b"IHDR")
        if name in _COMPRESSED and length > MOST_ANCILLARY:
            raise FILE_TOO_EXPANSIVE()
        packed += length if name == b"IDAT" else 0
        yield from _checked(name, length)
    _must(length == 0 and 0 < expected <= packed * EXPANSION)


def _chunk_head() -> Generator[Want, bytes, tuple[bytes, int]]:
    head = yield Exactly(8)
    name, length = head[4:], int.from_bytes(head[:4])
    _must(_CHUNK.fullmatch(name) is not None and length < 2**31)
    return name, length


def _checked(name: bytes, length: int) -> Generator[Want, bytes, bytes]:
    """Pass the data of a chunk, and check its checksum. Return the data if it is short."""
    checksum, left, short = zlib.crc32(name), length, b""
    while left:
        piece = yield Some(min(left, PIECE))
        _must(bool(piece))
        checksum, left = zlib.crc32(piece, checksum), left - len(piece)
        short += piece if length < TAIL else b""
    _must(int.from_bytes((yield Exactly(4))) == checksum)
    return short


def _raw_size(header: bytes) -> int:
    """Return the bytes of the decoded image."""
    width, height = int.from_bytes(header[:4]), int.from_bytes(header[4:8])
    depth, colour, compression, filtering, interlace = header[8:]
    _must(depth in _BITS.get(colour, ()) and (compression, filtering) == (0, 0) and interlace in (0, 1))
    _check_pixels(width, height)
    return height * (1 + (width * depth * _CHANNELS[colour] + 7) // 8)


_ALONE = (0x01, *range(0xD0, 0xD8))
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SCAN, _END, _START = 0xDA, 0xD9, 0xD8
_NEXT = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""A marker in the data of a scan: a stuffed zero and restarts are data, and a fill byte repeats."""


def jpeg() -> Format:
    """Segments up to the first scan, then scans, then the end. Cameras append previews after it, which is allowed."""
    _must((yield Exactly(2)) == b"\xff\xd8")
    marker, has_frame, scans = (yield from _segment_marker()), False, 0
    while marker != _END:
        _must(marker != _START and marker not in _ALONE)
        data = yield from _segment()
        if marker in _FRAMES:
            _must(len(data) > 5)  # noqa: PLR2004  precision, height and width
            _check_pixels(int.from_bytes(data[3:5]), int.from_bytes(data[1:3]))
            has_frame = True
        if marker != _SCAN:
            marker = yield from _segment_marker()
            continue
        scans += 1
        _must(has_frame)
        if scans > MOST_SCANS:
            raise FILE_TOO_EXPANSIVE()
        marker = (yield Marker(_NEXT))[1]
    _must(scans > 0)
    while (yield Some(PIECE)):
        pass


def _segment_marker() -> Generator[Want, bytes, int]:
    _must((yield Exactly(1)) == b"\xff")
    while (code := (yield Exactly(1))[0]) == 0xFF:  # noqa: PLR2004  a fill byte
        pass
    _must(code != 0)
    return code


def _segment() -> Generator[Want, bytes, bytes]:
    length = int.from_bytes((yield Exactly(2)))
    _must(length >= 2)  # noqa: PLR2004  the length counts itself
    return (yield Exactly(length - 2)) if length > 2 else b""  # noqa: PLR2004  as above


_VERSION = re.compile(rb"%PDF-(1\.[0-7]|2\.0)[\r\n \t%]")
_CHAINED = re.compile(rb"(/(FlateDecode|Fl|LZWDecode|LZW)[\s\[\]]*){2}")
_OVERLAP = 64


def pdf() -> Format:
    """A version at the start, and `startxref` and `%%EOF` at the end. Scripts in it are stored, never run."""
    start = yield Exactly(9)
    _must(_VERSION.fullmatch(start) is not None)
    tail = start
    while piece := (yield Some(PIECE)):
        if _CHAINED.search(tail[-_OVERLAP:] + piece):
            raise FILE_TOO_EXPANSIVE()
        tail = (tail + piece)[-TAIL:]
    _must(b"startxref" in tail and b"%%EOF" in tail)


_DEFLATED = (b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.8.1")
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"PK", b"<", b"%PDF", b"\xff\xd8", b"\x89PNG")
"""Starts of other formats, which a preamble must not have: a file would be a program and an image at once."""


def dicom() -> Format:
    """A preamble, `DICM`, and the group of the file's meta information (explicit, little endian)."""
    _must(not (yield Exactly(128)).lstrip().startswith(_PROGRAMS))
    _must((yield Exactly(4)) == b"DICM")
    head = yield Exactly(12)
    length = int.from_bytes(head[8:], "little")
    _must(head[:8] == b"\x02\x00\x00\x00UL\x04\x00" and 0 < length <= PIECE)
    meta = yield Exactly(length)
    syntax = re.search(rb"\x02\x00\x10\x00UI(..)", meta, re.DOTALL)
    _must(syntax is not None)
    if syntax is not None:
        value = meta[syntax.end() : syntax.end() + int.from_bytes(syntax[1], "little")].rstrip(b"\0 ")
        if value in _DEFLATED:
            raise FILE_TOO_EXPANSIVE()
    _must(bool((yield Some(PIECE))))
    while (yield Some(PIECE)):
        pass


def _check_pixels(width: int, height: int) -> None:
    _must(width > 0 and height > 0)
    if width * height > MOST_PIXELS:
        raise FILE_TOO_EXPANSIVE()


def _must(holds: bool) -> None:  # noqa: FBT001  a condition of the format
    if not holds:
        raise FILE_NOT_AS_DECLARED()


FORMATS: Mapping[MediaType, Callable[[], Format]] = {
    MediaType.PDF: pdf,
    MediaType.PNG: png,
    MediaType.JPEG: jpeg,
    MediaType.DICOM: dicom,
}
"""The check of each type."""
