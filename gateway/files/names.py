"""Names of files as people see them. A name never becomes part of a path."""

import re
from collections.abc import Mapping
from unicodedata import normalize
from urllib.parse import quote

from contracts.clinical.attachments import LONGEST_NAME, MediaType
from contracts.texts import HIDDEN, JOINERS, is_visible

ENDINGS: Mapping[MediaType, tuple[str, ...]] = {
    MediaType.PDF: (".pdf",),
    MediaType.PNG: (".png",),
    MediaType.JPEG: (".jpg", ".jpeg"),
    MediaType.DICOM: (".dcm", ".dicom"),
}
"""The endings of each type; the first is added to a name with another ending."""
UNNAMED = "file"
UNSAFE = re.compile(r'["*:<>?|\\/]')
"""Characters that no file system or header should have to quote."""


def display_name(sent: str | None, media_type: MediaType) -> str:
    """Return the name to show: the last part of a path, a single visible line, with an ending of the type."""
    last = re.split(r"[/\\]", sent or "")[-1]
    line = " ".join(JOINERS.sub("", HIDDEN.sub(" ", normalize("NFC", last))).split())
    name = UNSAFE.sub("_", line).strip(". ") if is_visible(line) else ""
    stem, ending = _parted(name or UNNAMED, media_type)
    return stem[: LONGEST_NAME - len(ending)].rstrip(". ") + ending


def _parted(name: str, media_type: MediaType) -> tuple[str, str]:
    for ending in ENDINGS[media_type]:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)], name[-len(ending) :]
    return name, ENDINGS[media_type][0]


def disposition(name: str) -> str:
    """Return `Content-Disposition` (RFC 6266): saved, never shown; with an ASCII name for old programs."""
    plain = "".join(sign if sign.isascii() and sign.isprintable() and sign not in '"\\%' else "_" for sign in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
