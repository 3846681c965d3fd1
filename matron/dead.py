"""Dead letters: events that a service could not handle. Operators list them, send them back, or delete them.

Reading a queue means to take its messages and to return them. A quorum queue counts each return. Before RabbitMQ 4.3,
every kind of return counts towards the delivery limit of the queue (default 20 since 4.0). Beyond the limit, RabbitMQ
drops the message.

- Letters return together by `basic.recover`, which keeps their order. Since 4.3, `basic.recover` does not count, unlike
  `basic.reject` and a closed connection.
- When a letter has returned `LOOKS` times, all letters are published again. Each old letter is acknowledged after the
  confirm of the new one. So a delivery limit of 3 or more loses no letter.
- If only some letters were read, they may then stand behind the others.

A crash between a confirm and its acknowledgement leaves two copies. Handlers handle each event once, so this is
harmless.

Any service can write into any queue of dead letters. So a moved letter names its first sender, if the broker has
checked it, and the handler refuses a forged event again. Letters are moved with the account of the service, which its
handlers accept.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import eventlet
import orjson
from amqp.exceptions import NotFound as NoQueue
from kombu.utils import json

from chassis.messaging.broker import down
from chassis.messaging.delivery import ATTEMPT, CODE, ERROR, FAILED_AT, QUEUE, bytes_of, fresh_headers
from chassis.messaging.topology import dead_queue
from chassis.refusals import NOT_FOUND
from matron.installation import Installation, connected, usable
from matron.refusals import WRONG_ACCOUNT
from matron.replay import events_by_name
from matron.screen import Watch
from transports.confirms import CONFIRM_SECONDS
from transports.links import Outgoing
from transports.senders import SENDER, USER, Senders, account_of

LOOKS = 3
RETURN_SECONDS = 2.0
COUNTS = ("x-delivery-count", "x-acquired-count")
SHOWN = {"event": "ce-type", "queue": QUEUE, "attempts": ATTEMPT, "error": ERROR, "code": CODE, "failed": FAILED_AT}
STORED = "SELECT body, properties FROM message WHERE queue = ? ORDER BY id"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter. `position` counts from 1, until letters are moved. `tag` is the delivery tag of the broker."""

    service: str
    position: int
    body: bytes
    properties: Mapping[str, Any]
    tag: int = 0

    @property
    def headers(self) -> dict[str, Any]:
        """The headers of the event and of its failure."""
        return self.properties.get("application_headers") or {}

    @property
    def message_id(self) -> str:
        """The id of the event. Empty if the message has none."""
        return str(self.properties.get("message_id") or "")

    @property
    def queue(self) -> str:
        """The queue of the handler that failed."""
        return str(self.headers.get(QUEUE) or "")

    @property
    def facts(self) -> dict[str, str]:
        """The facts that any operator may see. They contain nothing of the content."""
        shown = {name: str(self.headers.get(header) or "") for name, header in SHOWN.items()}
        return {"service": self.service, "#": str(self.position), "message id": self.message_id, **shown}

    def is_called(self, which: str) -> bool:
        """Whether `which` is the message id or the position of the letter."""
        return which in (self.message_id, str(self.position))


class DeadQueue:
    """The dead letters of one service, on an open channel."""

    def __init__(self, channel: Any, service: str, account: str) -> None:
        self.channel, self.service, self.name = channel, service, dead_queue(service)
        self.senders = Senders(service, account)
        self.positions = count(1)
        self.unroutable = False
        channel.events["basic_return"].add(self._returned)

    def size(self) -> int:
        """The number of letters. 0 if the service has never run."""
        try:
            return int(self.channel.queue_declare(queue=self.name, passive=True)[1])
        except NoQueue:
            return 0

    def take(self, number: int) -> Iterator[Letter]:
        """Take up to `number` letters, oldest first, without acknowledgement."""
        for _ in range(number):
            raw = self.channel.basic_get(self.name)
            if raw is None:
                return
            yield Letter(self.service, next(self.positions), bytes_of(raw.body), raw.properties, raw.delivery_tag)

    def find(self, which: str) -> tuple[Letter, list[Letter]]:
        """Take the letter of this id or position, and the letters before it. NotFound if there is none."""
        passed = list[Letter]()
        for letter in self.take(self.size()):
            if letter.is_called(which):
                return letter, passed
            passed.append(letter)
        self.give_back(passed)
        raise NOT_FOUND(f"The service {self.service} has no dead letter {which}.")

    def give_back(self, letters: Iterable[Letter]) -> None:
        """Return `letters`, which are all unacknowledged letters, to the queue."""
        letters = list(letters)
        looked = any(int(letter.headers.get(COUNTS[0]) or 0) >= LOOKS for letter in letters)
        if looked and not any(map(self._needs_service_account, letters)):
            for letter in letters:
                self._renew(letter)
        elif letters:
            self.channel.basic_recover(requeue=True)
            self._wait_for(len(letters))

    def _wait_for(self, number: int) -> None:
        """Wait until the queue has this many letters: a quorum queue returns them a moment after its reply."""
        with eventlet.Timeout(RETURN_SECONDS, exception=False):
            while self.size() < number:
                eventlet.sleep(0.01)

    def _renew(self, letter: Letter) -> None:
        headers = {name: value for name, value in letter.headers.items() if name not in COUNTS}
        self._send(letter, self.name, {**headers, SENDER: self._sender_of(letter)})
        self.drop(letter)

    def _sender_of(self, letter: Letter) -> str:
        return self.senders.sender_of(letter.properties, letter.headers)

    def _needs_service_account(self, letter: Letter) -> bool:
        """Whether only the account of the service can publish the letter with its sender."""
        return letter.properties.get(USER) == self.service != self.senders.account

    def send_back(self, letter: Letter, *, trusted: bool = False) -> bool:
        """Publish a letter to its handler as a new message, then delete it. False if the queue does not exist.

        A `trusted` letter counts as sent by the service itself. Invalid: `wrong_account`.
        """
        if self._needs_service_account(letter):
            text = f"Only the account {self.service} may send these back. Run this in the container of {self.service}."
            raise WRONG_ACCOUNT(text)
        sender = self.service if trusted else self._sender_of(letter)
        headers = {**fresh_headers(letter.headers), SENDER: sender}
        if not letter.queue or not self._send(letter, letter.queue, headers):
            return False
        self.drop(letter)
        return True

    def drop(self, letter: Letter) -> None:
        """Delete a letter."""
        self.channel.basic_ack(letter.tag)

    def _send(self, letter: Letter, queue: str, headers: dict[str, Any]) -> bool:
        """Publish a letter. False if the queue does not exist. `Unavailable` without a confirm."""
        self.unroutable = False
        properties = {"delivery_mode": 2, "message_id": letter.message_id}
        with eventlet.Timeout(CONFIRM_SECONDS, down()):
            message = Outgoing(letter.body, "", queue, headers, properties)
            message.send(self.channel, mandatory=True, account=self.senders.account)
        return not self.unroutable

    def _returned(self, *_details: object) -> None:
        self.unroutable = True


@contextmanager
def opened(installation: Installation, service: str) -> Iterator[DeadQueue]:
    """Open the dead letters of a service, to read or move them."""
    with installation.broker(service) as url, connected(url) as open_channel:
        yield DeadQueue(open_channel(), service, account_of(url))


def letters_in_file(file: Path, service: str) -> list[Letter]:
    """Read the dead letters from the file of the embedded broker, which may be in use."""
    with usable(file), closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(STORED, [dead_queue(service)]).fetchall()
    # The embedded broker writes properties with kombu's JSON, which has no types.
    read: Callable[[str], dict[str, Any]] = json.loads
    return [
        Letter(service, number, bytes_of(body), read(properties)) for number, (body, properties) in enumerate(rows, 1)
    ]


def content(letter: Letter, *, reveal: bool) -> str | None:
    """The data of a letter as text. None if it must stay hidden.

    The data of a public event is shown. An internal event carries contact details or a secret. The data of an unknown
    message may carry anything.
    """
    if reveal:
        return letter.body.decode("utf-8", "backslashreplace")
    event = events_by_name().get(str(letter.headers.get("ce-type")))
    if event is None or event.internal:
        return None
    try:
        data = orjson.loads(letter.body)
        if event.schema().validate(data):
            return None
    except (ValueError, TypeError, AttributeError):
        return None
    public = {name: value for name, value in data.items() if name in event.schema().fields}
    return orjson.dumps(public, option=orjson.OPT_INDENT_2).decode()


def oldest_letters(installation: Installation, service: str, limit: int) -> tuple[list[Letter], int]:
    """The oldest letters of a service, up to `limit`, and the number of all."""
    if installation.url is None:
        letters = letters_in_file(installation.file, service)
        return letters[:limit], len(letters)
    with opened(installation, service) as queue:
        total = queue.size()
        letters = list(queue.take(min(total, limit)))
        queue.give_back(letters)
        return letters, total


def find_letter(installation: Installation, service: str, which: str) -> Letter:
    """The letter of this message id or position. NotFound if there is none."""
    if installation.url is None:
        for letter in letters_in_file(installation.file, service):
            if letter.is_called(which):
                return letter
        raise NOT_FOUND(f"The service {service} has no dead letter {which}.")
    with opened(installation, service) as queue:
        letter, passed = queue.find(which)
        queue.give_back([*passed, letter])
        return letter


def replay_one(installation: Installation, service: str, which: str, *, trusted: bool = False) -> bool:
    """Send one letter back to its handler. False if the queue does not exist: the letter stays."""
    with opened(installation, service) as queue:
        letter, passed = queue.find(which)
        moved = queue.send_back(letter, trusted=trusted)
        queue.give_back(passed if moved else [*passed, letter])
        return moved


def replay_all(installation: Installation, service: str, watch: Watch) -> tuple[int, int]:
    """Send all letters back to their handlers. Return how many were sent, and of how many.

    A letter stays if the queue of its handler does not exist. Letters that arrive later stay too, because a letter that
    fails again would return forever.
    """
    with opened(installation, service) as queue, watch(total := queue.size()) as advance:
        kept = []
        for letter in queue.take(total):
            if not queue.send_back(letter):
                kept.append(letter)
            advance(1)
        queue.give_back(kept)
    return total - len(kept), total


def drop_one(installation: Installation, service: str, which: str, agreed: Callable[[Letter], bool]) -> bool:
    """Delete one letter, if `agreed` returns true."""
    with opened(installation, service) as queue:
        letter, passed = queue.find(which)
        yes = agreed(letter)
        if yes:
            queue.drop(letter)
        queue.give_back(passed if yes else [*passed, letter])
        return yes


def drop_all(installation: Installation, service: str, agreed: Callable[[int], bool], watch: Watch) -> int:
    """Delete all present letters, if `agreed` returns true. Return how many."""
    with opened(installation, service) as queue:
        total = queue.size()
        if total == 0 or not agreed(total):
            return 0
        with watch(total) as advance:
            for letter in queue.take(total):
                queue.drop(letter)
                advance(1)
    return total
