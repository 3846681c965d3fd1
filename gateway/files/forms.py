"""Receive forms with a file (multipart/form-data, RFC 7578): the file goes to the store while it arrives.

The parser of the package `multipart` is strict and needs no input of its own, so one piece of the body is in memory at
a time.
"""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from uuid import UUID

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header
from uuid_utils import uuid7

from chassis.refusals import WRONG_FIELDS
from contracts.clinical.attachments import MAX_FILE, MediaType
from gateway.files.contents import Inspection
from gateway.files.formats import FORMATS
from gateway.files.names import display_name
from gateway.files.refusals import BAD_FORM, FILE_TOO_LARGE, NOT_A_FORM, UNSUPPORTED_FILE
from gateway.payloads import UNKNOWN
from gateway.problems import BODY_BROKEN, BODY_ENCODED, BODY_TOO_LARGE, REQUEST_TIMEOUT
from gateway.server.requests import TWICE, Request, object_in
from transports.storage.objects import Store, Upload, name_of

PIECE = 64 * 1024
MAX_TEXTS = 64 * 1024
"""Bytes of all parts but the file."""
MAX_FORM = MAX_FILE + MAX_TEXTS + 16 * 1024
"""Bytes of a whole form, with boundaries and headers of its parts."""
MAX_BOUNDARY = 70
"""RFC 2046, 5.1.1."""
MISSING = "Missing data for required field."
ENCODINGS = ("", "binary", "8bit", "7bit")
"""Transfer encodings that change no byte (RFC 7578, 4.7: others are deprecated)."""

CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""Characters that no header has (RFC 9110, 5.5)."""


class Form(NamedTuple):
    """A form of a route. `data` is the part with the fields as JSON; without it, each other part is one field."""

    file: str
    """The part with the file."""
    field: str
    """The field of the command that takes the facts of the stored file."""
    data: str = ""
    takes_json: bool = False
    """Whether the route also takes the fields as a JSON body, without a file."""


class Received(NamedTuple):
    """A received form: the fields, and the facts of the stored file."""

    fields: Mapping[str, object]
    file: Mapping[str, object]


def is_form(request: Request) -> bool:
    """Whether the body is declared as a form with parts."""
    return _content_type(request)[0] == "multipart/form-data"


def _content_type(request: Request) -> tuple[str, str]:
    kind, options = parse_options_header(str(request.environ.get("CONTENT_TYPE", "")))
    return kind, options.get("boundary", "")


class Reception:
    """The reception of one form. Whatever ends it early, `discard` removes the object."""

    def __init__(self, request: Request, form: Form, store: Store) -> None:
        self.request, self.form, self.store = request, form, store
        self.id = UUID(str(uuid7()))
        self.texts: dict[str, bytearray] = {}
        self.upload: Upload | None = None
        self.inspection: Inspection | None = None
        self.facts: dict[str, object] = {}
        self.part = ""

    def receive(self) -> Received:
        """Receive all parts, and make the object durable."""
        for event in self._events():
            if isinstance(event, MultipartSegment):
                self._begin(event)
            elif event is None:
                self._end()
            else:
                self._take(bytes(event))
        fields = self._fields()
        if self.upload is None:
            raise WRONG_FIELDS(errors={self.form.file: [MISSING]})
        self.upload.complete()
        return Received(fields, self.facts)

    def _events(self) -> Iterator[MultipartSegment | bytes | None]:
        """Yield the beginning, the bytes and the end of each part."""
        kind, boundary = _content_type(self.request)
        if kind != "multipart/form-data" or not 0 < len(boundary) <= MAX_BOUNDARY:
            raise NOT_A_FORM()
        try:
            with PushMultipartParser(boundary, strict=True, max_segment_count=20) as parser:
                for piece in pieces_of(self.request, MAX_FORM):
                    yield from parser.parse(piece)
        except MultipartError:
            raise BAD_FORM() from None

    def _begin(self, segment: MultipartSegment) -> None:
        self.part = segment.name or ""
        if self.part in self.texts or (self.part == self.form.file and self.upload is not None):
            raise WRONG_FIELDS("The form has a part twice.", errors={self.part: [TWICE]})
        encoding = str(segment.header("Content-Transfer-Encoding", "")).lower()
        if segment.disposition != "form-data" or encoding not in ENCODINGS:
            raise BAD_FORM()
        if any(CONTROL.search(value) for _name, value in segment.headerlist):
            raise BAD_FORM()
        if self.part == self.form.file:
            self._begin_file(segment)
        elif self.part == self.form.field or (self.form.data and self.part != self.form.data):
            raise WRONG_FIELDS(errors={self.part: [UNKNOWN]})
        else:
            self.texts[self.part] = bytearray()

    def _begin_file(self, segment: MultipartSegment) -> None:
        try:
            media_type = MediaType(segment.content_type or "")
        except ValueError:
            raise UNSUPPORTED_FILE() from None
        self.inspection = Inspection(FORMATS[media_type]())
        self.facts = {
            "id": str(self.id),
            "name": display_name(segment.filename, media_type),
            "media_type": media_type.value,
        }
        self.upload = self.store.begin(name_of(self.id))

    def _take(self, data: bytes) -> None:
        """Take bytes of the current part."""
        if self.part != self.form.file:
            self.texts[self.part] += data
            if sum(map(len, self.texts.values())) > MAX_TEXTS:
                raise BODY_TOO_LARGE(f"The parts of a form other than the file have at most {MAX_TEXTS // 1024} KiB.")
        elif self.inspection is not None and self.upload is not None:
            if self.inspection.size + len(data) > MAX_FILE:
                raise FILE_TOO_LARGE()
            self.inspection.feed(data)
            self.upload.write(data)

    def _end(self) -> None:
        if self.part == self.form.file and self.inspection is not None:
            digest = self.inspection.finish()
            self.facts |= {"size": self.inspection.size, "sha256": digest}

    def _fields(self) -> Mapping[str, object]:
        """Return the fields: of the JSON part, or one for each part."""
        if not self.form.data:
            return {name: _decoded(name, text) for name, text in self.texts.items()}
        if self.form.data not in self.texts:
            raise WRONG_FIELDS(errors={self.form.data: [MISSING]})
        fields = object_in(bytes(self.texts[self.form.data]))
        if self.form.field in fields:
            raise WRONG_FIELDS(errors={self.form.field: [UNKNOWN]})
        return fields

    def discard(self) -> None:
        """Remove what was stored."""
        if self.upload is not None:
            self.upload.discard()


def _decoded(name: str, text: bytearray) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise WRONG_FIELDS(errors={name: ["Not UTF-8."]}) from None


def pieces_of(request: Request, most: int) -> Iterator[bytes]:
    """Yield the body piece by piece. Its time limit grows with each piece.

    TooLarge, BadRequest, TimedOut and UnsupportedMedia as in `Request.body`.
    """
    length = str(request.environ.get("CONTENT_LENGTH") or "")
    if length and int(length) > most:
        raise FILE_TOO_LARGE()
    if request.environ.get("HTTP_CONTENT_ENCODING", "identity").lower() != "identity":
        raise BODY_ENCODED()
    received = 0
    while piece := _read(request):
        received += len(piece)
        if received > most:
            raise FILE_TOO_LARGE()
        yield piece
        request.environ["gateway.connection"].incoming.grant(len(piece))
    if length and received < int(length):
        raise BODY_BROKEN()


def _read(request: Request) -> bytes:
    try:
        piece: bytes = request.environ["wsgi.input"].read(PIECE)
    except TimeoutError:
        raise REQUEST_TIMEOUT() from None
    except OSError:
        raise BODY_BROKEN() from None
    return piece
