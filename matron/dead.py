"""Dead letters: the events that a service's handlers could not do; seen, sent back to their handlers, or thrown away.

To look at a queue is to take its messages and give them back. Quorum queues count that, and before RabbitMQ 4.3 each
way of giving back counts towards the queue's delivery limit (20 unless a policy says otherwise, from 4.0 on), behind
which a message that somebody has only looked at is gone. So letters go back all at once with `basic.recover`, which
keeps their order and since 4.3 counts for nothing, unlike `basic.reject` and hanging up; and as soon as one of them has
gone back `LOOKS` times, all are put into the queue anew, each confirmed before the old one is acknowledged. A delivery
limit of 3 or more therefore loses nothing. When only some were looked at, they may stand behind the others then.

What dies between a confirm and its acknowledgement leaves a letter in both places: handlers do an event once anyway.

Any service can write into any queue of dead letters, so a letter that is moved names its first sender, as far as the
broker vouches for that: the handler refuses a forged event again. Letters are moved with the service's own account,
which its handlers believe.
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
from matron.place import Place, connected, usable
from matron.refusals import WRONG_ACCOUNT
from matron.replay import events_by_name
from matron.screen import Watch
from transports.confirms import CONFIRM_SECONDS
from transports.links import Outgoing
from transports.senders import SENDER, USER, Senders, account_of

LOOKS = 3
RETURN_SECONDS = 2.0
COUNTS = ("x-delivery-count", "x-acquired-count")
TOLD = {"event": "ce-type", "queue": QUEUE, "attempts": ATTEMPT, "error": ERROR, "code": CODE, "failed": FAILED_AT}
STORED = "SELECT body, properties FROM message WHERE queue = ? ORDER BY id"


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter. Its `position` counts from 1 and holds until letters are moved; `tag` is the broker's."""

    service: str
    position: int
    body: bytes
    properties: Mapping[str, Any]
    tag: int = 0

    @property
    def headers(self) -> dict[str, Any]:
        """The event's own headers, and those about its failure."""
        return self.properties.get("application_headers") or {}

    @property
    def message_id(self) -> str:
        """The event's id; empty for a message that came without."""
        return str(self.properties.get("message_id") or "")

    @property
    def queue(self) -> str:
        """The queue of the handler that failed."""
        return str(self.headers.get(QUEUE) or "")

    @property
    def facts(self) -> dict[str, str]:
        """What may be shown of any letter: nothing of its content."""
        told = {name: str(self.headers.get(header) or "") for name, header in TOLD.items()}
        return {"service": self.service, "#": str(self.position), "message id": self.message_id, **told}

    def is_called(self, which: str) -> bool:
        """Whether `which` is its message id or its position."""
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
        """How many letters there are; none, too, when the service has never run."""
        try:
            return int(self.channel.queue_declare(queue=self.name, passive=True)[1])
        except NoQueue:
            return 0

    def take(self, number: int) -> Iterator[Letter]:
        """Up to so many letters, oldest first, none of them acknowledged."""
        for _ in range(number):
            raw = self.channel.basic_get(self.name)
            if raw is None:
                return
            yield Letter(self.service, next(self.positions), bytes_of(raw.body), raw.properties, raw.delivery_tag)

    def find(self, which: str) -> tuple[Letter, list[Letter]]:
        """The letter of that id or position, and those before it. NotFound when there is none."""
        passed = list[Letter]()
        for letter in self.take(self.size()):
            if letter.is_called(which):
                return letter, passed
            passed.append(letter)
        self.give_back(passed)
        raise NOT_FOUND(f"The service {self.service} has no dead letter {which}.")

    def give_back(self, letters: Iterable[Letter]) -> None:
        """Return all that is taken and not acknowledged, which is `letters`, to the queue."""
        letters = list(letters)
        looked = any(int(letter.headers.get(COUNTS[0]) or 0) >= LOOKS for letter in letters)
        if looked and not any(map(self._is_beyond_us, letters)):
            for letter in letters:
                self._renew(letter)
        elif letters:
            self.channel.basic_recover(requeue=True)
            self._wait_for(len(letters))

    def _wait_for(self, number: int) -> None:
        """Return when so many letters are there: a quorum queue has them back a moment after it has said so."""
        with eventlet.Timeout(RETURN_SECONDS, exception=False):
            while self.size() < number:
                eventlet.sleep(0.01)

    def _renew(self, letter: Letter) -> None:
        headers = {name: value for name, value in letter.headers.items() if name not in COUNTS}
        self._send(letter, self.name, {**headers, SENDER: self._sender_of(letter)})
        self.drop(letter)

    def _sender_of(self, letter: Letter) -> str:
        return self.senders.sender_of(letter.properties, letter.headers)

    def _is_beyond_us(self, letter: Letter) -> bool:
        """Whether only the service's own account can say whose letter it is."""
        return letter.properties.get(USER) == self.service != self.senders.account

    def send_back(self, letter: Letter, *, trusted: bool = False) -> bool:
        """Send a letter to the handler's queue as if it were new, then remove it; False when the queue is gone.

        A `trusted` one counts as the service's own, whoever sent it. Invalid: `wrong_account`.
        """
        if self._is_beyond_us(letter):
            text = f"Only the account {self.service} sends these back. Run this in the container of {self.service}."
            raise WRONG_ACCOUNT(text)
        sender = self.service if trusted else self._sender_of(letter)
        headers = {**fresh_headers(letter.headers), SENDER: sender}
        if not letter.queue or not self._send(letter, letter.queue, headers):
            return False
        self.drop(letter)
        return True

    def drop(self, letter: Letter) -> None:
        """Remove a letter."""
        self.channel.basic_ack(letter.tag)

    def _send(self, letter: Letter, queue: str, headers: dict[str, Any]) -> bool:
        """Whether the broker has it in that queue; `Unavailable` when it does not say."""
        self.unroutable = False
        properties = {"delivery_mode": 2, "message_id": letter.message_id}
        with eventlet.Timeout(CONFIRM_SECONDS, down()):
            message = Outgoing(letter.body, "", queue, headers, properties)
            message.send(self.channel, mandatory=True, account=self.senders.account)
        return not self.unroutable

    def _returned(self, *_told: object) -> None:
        self.unroutable = True


@contextmanager
def opened(place: Place, service: str) -> Iterator[DeadQueue]:
    """The dead letters of a service, to be moved."""
    with place.broker(service) as url, connected(url) as open_channel:
        yield DeadQueue(open_channel(), service, account_of(url))


def stored(file: Path, service: str) -> list[Letter]:
    """The dead letters in the embedded broker's file, which may be in use."""
    with usable(file), closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        rows = connection.execute(STORED, [dead_queue(service)]).fetchall()
    # Kombu's JSON, with which the embedded broker writes properties, has no types.
    read: Callable[[str], dict[str, Any]] = json.loads
    return [Letter(service, number, bytes_of(body), read(told)) for number, (body, told) in enumerate(rows, 1)]


def content(letter: Letter, *, reveal: bool) -> str | None:
    """The data of a letter as text; None when it is not to be shown.

    Shown is what an event says that other systems may hear. An internal event carries contact details or a secret, and
    nobody knows what a message carries that is no event of ours.
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


def listing(place: Place, service: str, limit: int) -> tuple[list[Letter], int]:
    """The oldest letters of a service, up to `limit`, and how many there are."""
    if place.url is None:
        letters = stored(place.file, service)
        return letters[:limit], len(letters)
    with opened(place, service) as queue:
        total = queue.size()
        letters = list(queue.take(min(total, limit)))
        queue.give_back(letters)
        return letters, total


def one(place: Place, service: str, which: str) -> Letter:
    """The letter of that message id or position. NotFound when there is none."""
    if place.url is None:
        for letter in stored(place.file, service):
            if letter.is_called(which):
                return letter
        raise NOT_FOUND(f"The service {service} has no dead letter {which}.")
    with opened(place, service) as queue:
        letter, passed = queue.find(which)
        queue.give_back([*passed, letter])
        return letter


def replay_one(place: Place, service: str, which: str, *, trusted: bool = False) -> bool:
    """Send one letter back to its handler; False when the handler's queue is gone, and the letter stays."""
    with opened(place, service) as queue:
        letter, passed = queue.find(which)
        moved = queue.send_back(letter, trusted=trusted)
        queue.give_back(passed if moved else [*passed, letter])
        return moved


def replay_all(place: Place, service: str, watch: Watch) -> tuple[int, int]:
    """Send all letters back to their handlers; how many, and of how many. Those whose handler's queue is gone stay.

    Not those that come while it works, since a letter that fails again comes back.
    """
    with opened(place, service) as queue, watch(total := queue.size()) as advance:
        kept = []
        for letter in queue.take(total):
            if not queue.send_back(letter):
                kept.append(letter)
            advance(1)
        queue.give_back(kept)
    return total - len(kept), total


def drop_one(place: Place, service: str, which: str, agreed: Callable[[Letter], bool]) -> bool:
    """Throw one letter away, if that is agreed to."""
    with opened(place, service) as queue:
        letter, passed = queue.find(which)
        yes = agreed(letter)
        if yes:
            queue.drop(letter)
        queue.give_back(passed if yes else [*passed, letter])
        return yes


def drop_all(place: Place, service: str, agreed: Callable[[int], bool], watch: Watch) -> int:
    """Throw all letters away that are there now, if that is agreed to; how many."""
    with opened(place, service) as queue:
        total = queue.size()
        if total == 0 or not agreed(total):
            return 0
        with watch(total) as advance:
            for letter in queue.take(total):
                queue.drop(letter)
                advance(1)
    return total
