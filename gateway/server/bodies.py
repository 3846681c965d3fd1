"""Bodies of requests: eventlet's reader, but strict about chunks, so that gateway and proxy read the same bytes.

The gateway reads a body piece by piece, so memory grows with the bytes received and not with the announced length. The
number of connections bounds the first pieces. A budget for all bodies together bounds the rest, until the requests are
answered.
"""

import re
from typing import Any

from eventlet import wsgi

from chassis.refusals import BUSY
from gateway.problems import BODY_BROKEN, BadRequest

TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,12})[ \t]*(;[\t\x20-\x7e\x80-\xff]*)?\r\n")
TRAILER = re.compile(TOKEN + rb":[\t\x20-\x7e\x80-\xff]*\r\n")
MAX_CHUNK_LINE = 1024
MAX_TRAILERS = 64
UNKNOWN = 1 << 62
PIECE = 16 * 1024
MAX_RESERVED = 64 * 1024 * 1024
"""Bytes of all bodies together in one gateway, without the first piece of each."""


class Budget:
    """The bytes that bodies may still reserve."""

    def __init__(self, most: int = MAX_RESERVED) -> None:
        self.left = most

    def take(self, size: int) -> None:
        """Reserve more bytes. Unavailable: `busy`."""
        if size > self.left:
            raise BUSY("The gateway is receiving too many large bodies.", retry_after=1)
        self.left -= size


class Body(wsgi.Input):
    """The body of a request. Reading raises TimeoutError when the body does not arrive in time."""

    is_broken = False
    budget: Budget
    reserved = 0
    """Bytes taken from the budget."""

    def whole(self, most: int) -> bytes:
        """Read the whole body, but at most `most + 1` bytes. Unavailable: `busy`. Otherwise as `read`."""
        body = self.read(min(PIECE, most + 1))
        if not self.left() or not body:
            return body
        pieces, size = [body], len(body)
        while size <= most:
            wanted = min(PIECE, most + 1 - size, self.left())
            self.budget.take(wanted)
            self.reserved += wanted
            piece = self.read(wanted)
            pieces.append(piece)
            size += len(piece)
            if len(piece) < wanted or not self.left():
                break
        return b"".join(pieces)

    def release(self) -> None:
        """Return the reserved bytes to the budget."""
        self.budget.left += self.reserved
        self.reserved = 0

    def read(self, length: int | None = None) -> bytes:
        """Read up to `length` bytes. OSError: the body is incomplete. BadRequest: the chunks are malformed."""
        try:
            data: bytes = super().read(length)
        except (OSError, BadRequest):
            self.is_broken = True
            raise
        return data

    def left(self) -> int:
        """Return the number of unread bytes, or `UNKNOWN`."""
        if self.is_broken or (self.chunked_input and self.chunk_length != 0):
            return UNKNOWN
        return 0 if self.chunked_input else int(self.content_length - self.position)

    def _chunked_read(self, rfile: Any, length: int | None = None, use_readline: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002  eventlet's signature
        """Read up to `length` bytes. BadRequest: the chunks are malformed. OSError: the body is incomplete."""
        if self.should_send_hundred_continue:
            self.send_hundred_continue_response()
            self.is_hundred_continue_response_sent = True
        found, wanted = list[bytes](), UNKNOWN if length is None else length
        while self.chunk_length != 0 and wanted > 0:
            if self.position >= self.chunk_length:
                self._begin_chunk(rfile)
                continue
            data = rfile.read(min(wanted, self.chunk_length - self.position))
            if not data:
                raise OSError
            found.append(data)
            wanted -= len(data)
            self.position += len(data)
            if self.position == self.chunk_length and rfile.readline(3) != b"\r\n":
                raise _bad_chunk()
        return b"".join(found)

    def _begin_chunk(self, rfile: Any) -> None:
        line = rfile.readline(MAX_CHUNK_LINE)
        match = CHUNK.fullmatch(line)
        if match is None:
            raise OSError if not line else _bad_chunk()
        self.position, self.chunk_length = 0, int(match[1], 16) or -1
        if self.chunk_length > 0:
            return
        for _ in range(MAX_TRAILERS):
            trailer = rfile.readline(MAX_CHUNK_LINE)
            if trailer == b"\r\n":
                self.chunk_length = 0
                return
            if TRAILER.fullmatch(trailer) is None:
                break
        raise _bad_chunk()


def _bad_chunk() -> BadRequest:
    return BODY_BROKEN("The chunks of the body cannot be read.")
