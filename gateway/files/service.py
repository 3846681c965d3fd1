"""The files of one gateway: its store, and the uploads under way."""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from uuid import UUID

from chassis.errors import Internal, MatronError, NoAnswer
from chassis.identity import Actor
from chassis.refusals import BUSY
from gateway.files.forms import Form, Received, Reception
from gateway.files.refusals import STORE_DOWN
from gateway.server.replies import Stream
from gateway.server.requests import Request
from telemetry.logs import log, log_unexpected
from transports.storage.objects import Store, StoreError, name_of

UPLOADS_AT_ONCE, UPLOADS_EACH = 32, 4
"""Uploads of one gateway and of one account. One needs up to 15 MiB of memory with an object store."""


class Files:
    """Receives and sends the files of one gateway."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.uploads: Counter[UUID] = Counter()

    @contextmanager
    def received(self, request: Request, form: Form, actor: Actor) -> Iterator[Received]:
        """Receive a form, and yield its fields. The object is deleted if the command is known to have failed.

        After an unknown outcome the object stays: clinical removes it later, if no attachment names it.
        Unavailable: `busy`, `store_down`.
        """
        with self._turn(actor.person):
            reception = Reception(request, form, self.store)
            fields = self._receive(reception)
            try:
                yield fields
            except (NoAnswer, Internal):
                raise
            except MatronError:
                self.delete(reception.id)
                raise

    def _receive(self, reception: Reception) -> Received:
        received = None
        try:
            received = reception.receive()
        except StoreError as error:
            log_unexpected("file not stored", error, request_id=reception.request.id)
            raise STORE_DOWN(retry_after=5) from None
        finally:
            if received is None:
                self._drop(reception)
        return received

    def _drop(self, reception: Reception) -> None:
        """Remove an unfinished object, and a finished one whose outcome is unknown."""
        reception.discard()
        self.delete(reception.id)

    @contextmanager
    def _turn(self, person: UUID) -> Iterator[None]:
        if self.uploads.total() >= UPLOADS_AT_ONCE or self.uploads[person] >= UPLOADS_EACH:
            raise BUSY("Too many uploads are under way.", retry_after=5)
        self.uploads[person] += 1
        try:
            yield
        finally:
            self.uploads[person] -= 1
            self.uploads += Counter()  # Drops accounts without uploads.

    def delete(self, object_id: UUID) -> None:
        """Delete an object that no attachment names. If the store fails, a sweep deletes it later."""
        try:
            self.store.delete(name_of(object_id))
        except StoreError as error:
            log_unexpected("unused object stays", error)

    def forget_repeated(self, facts: Mapping[str, object], reply: bytes) -> None:
        """Delete the object of a repeated request, whose stored reply names the object of the first request."""
        if str(facts["id"]).encode() not in reply:
            self.delete(UUID(str(facts["id"])))

    def sent(self, facts: Mapping[str, object], request_id: str) -> Stream:
        """Return the body of a download. Unavailable: `store_down`."""
        size, digest = int(str(facts["size"])), str(facts["sha256"])
        pieces = self.store.read(name_of(UUID(str(facts["id"]))))
        try:
            first = next(pieces, b"")
        except StoreError as error:
            log_unexpected("file not readable", error, request_id=request_id)
            raise STORE_DOWN(retry_after=5) from None
        return Stream(size, _verified(first, pieces, size, digest))


class DamagedError(OSError):
    """The stored bytes are not those that were uploaded."""


def _verified(first: bytes, pieces: Iterator[bytes], size: int, expected: str) -> Generator[bytes, None, None]:
    """Yield the pieces. The last one is sent only if the whole is what was uploaded: else the download breaks off."""
    digest, held, count = sha256(first), first, len(first)
    try:
        for piece in pieces:
            yield held
            digest.update(piece)
            held, count = piece, count + len(piece)
    except StoreError:
        log.error("download broken off")
        raise DamagedError from None
    if (count, digest.hexdigest()) != (size, expected):
        log.error("stored file is damaged")
        raise DamagedError
    yield held
