"""Bodies of requests: eventlet's, but strict about chunks, so that nobody reads more or less than what was sent.

A body is read piece by piece, so that memory follows what has come, and not what a client says will come. There are at
most so many connections, so the first piece of each is bounded by itself; what goes beyond it is counted for all bodies
together, until their requests are answered.
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
MAX_HELD = 64 * 1024 * 1024
"""Bytes of all bodies together that one gateway holds, but for the first piece of each."""


class Budget:
    """How many bytes of bodies may still be held."""

    def __init__(self, most: int = MAX_HELD) -> None:
        self.left = most

    def take(self, size: int) -> None:
        """Hold so many bytes more. Unavailable: `busy`."""
        if size > self.left:
            raise BUSY("Too many large bodies are on their way just now.", retry_after=1)
        self.left -= size


class Body(wsgi.Input):
    """The body of a request on its connection. Reading raises TimeoutError when it does not come in time."""

    is_broken = False
    budget: Budget
    held = 0
    """Bytes taken from the budget."""

    def whole(self, most: int) -> bytes:
        """All of it, or no more than `most` bytes and another one. Unavailable: `busy`. Else as `read`."""
        body = self.read(min(PIECE, most + 1))
        if not self.left() or not body:
            return body
        pieces, size = [body], len(body)
        while size <= most:
            wanted = min(PIECE, most + 1 - size, self.left())
            self.budget.take(wanted)
            self.held += wanted
            piece = self.read(wanted)
            pieces.append(piece)
            size += len(piece)
            if len(piece) < wanted or not self.left():
                break
        return b"".join(pieces)

    def release(self) -> None:
        """Its bytes are not needed any more."""
        self.budget.left += self.held
        self.held = 0

    def read(self, length: int | None = None) -> bytes:
        """Up to `length` bytes. OSError: they broke off. BadRequest: the chunks are malformed."""
        try:
            data: bytes = super().read(length)
        except (OSError, BadRequest):
            self.is_broken = True
            raise
        return data

    def left(self) -> int:
        """How many bytes have not been read; many, when that is not known."""
        if self.is_broken or (self.chunked_input and self.chunk_length != 0):
            return UNKNOWN
        return 0 if self.chunked_input else int(self.content_length - self.position)

    def _chunked_read(self, rfile: Any, length: int | None = None, use_readline: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002  eventlet's signature
        """Up to `length` bytes. BadRequest: the chunks are malformed. OSError: they broke off."""
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
