"""Small files of each type, forms that carry them, and the same files with a lie."""

import struct
import zlib
from typing import Any

BOUNDARY = "----matron-test-boundary"
PDF, PNG, JPEG, DICOM = "application/pdf", "image/png", "image/jpeg", "application/dicom"


def pdf(size: int = 0, *, content: bytes = b"") -> bytes:
    """Return a PDF of at least so many bytes."""
    head = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n" + content
    tail = b"\nstartxref\n9\n%%EOF\n"
    return head + b"x" * max(0, size - len(head) - len(tail)) + tail


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int = 4, height: int = 4, *, extra: bytes = b"", packed: bytes | None = None) -> bytes:
    """Return a grey PNG."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0" * (height * (width + 1))) if packed is None else packed
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def jpeg(width: int = 8, height: int = 8, *, scans: int = 1, end: bytes = b"\xff\xd9") -> bytes:
    """Return the structure of a JPEG with made-up scans."""
    app = b"\xff\xe0\x00\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"
    frame = b"\xff\xc0\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x01\x01\x11\0"
    scan = b"\xff\xda\x00\x08\x01\x01\0\0\x3f\0" + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + app + frame + scan * scans + end


def dicom(*, preamble: bytes = b"", syntax: bytes = b"1.2.840.10008.1.2.1") -> bytes:
    """Return a DICOM file with its meta information and one element."""
    value = syntax + b"\0" * (len(syntax) % 2)
    meta = b"\x02\x00\x10\x00UI" + struct.pack("<H", len(value)) + value
    group = b"\x02\x00\x00\x00UL\x04\x00" + struct.pack("<I", len(meta))
    return preamble.ljust(128, b"\0") + b"DICM" + group + meta + b"\x10\x00\x10\x00PN\x04\x00Rao^"


def part(name: str, content: bytes, *, kind: str = "", filename: str | None = None, more: str = "") -> bytes:
    """Return one part of a form, as it is sent."""
    named = "" if filename is None else f'; filename="{filename}"'
    typed = f"Content-Type: {kind}\r\n" if kind else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{named}\r\n{typed}{more}\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def form(content: bytes = b"", kind: str = PDF, *, filename: str = "letter.pdf", title: str = "Letter") -> bytes:
    """Return a complete form."""
    parts = part("title", title.encode()) + part("file", content or pdf(), kind=kind, filename=filename)
    return parts + END


def sent(body: bytes, boundary: str = BOUNDARY) -> dict[str, Any]:
    """Return the options of a request with this form."""
    return {"data": body, "headers": {"Content-Type": f"multipart/form-data; boundary={boundary}"}}
