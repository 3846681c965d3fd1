"""A stream of bookings and visits, from many clients at once, that records the answer of each request.

Each booking has a key of its own, by which its row is found afterwards. Now and then a client asks for a time that
another one has asked for. Some of the visits are accepted, held and completed, each step repeated with its key until it
is answered, as a good client does.
"""

import itertools
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Self
from uuid import uuid4

import requests

from contracts.roles import Role
from tests.faults.city import READY_SECONDS, City, Slot
from tests.hospital import eventually
from tests.people import Person

CLIENTS = 8
PAUSE_SECONDS = 0.1
"""Pause between two requests of a client, for a steady and moderate load."""
CONTESTED_EACH = 8
VISIT_EACH = 4
LINE = 8
"""Limit of visits that wait."""
HELD = 16
"""Limit of visits of a stream: all streams of a run share the slots of a day."""
BOOKINGS_OF_A_PATIENT = 4
BOOKING = "/api/patient/book-appointment"
STEPS = ("accept", "start", "complete")
NO_ANSWER = 0
"""The status of a request without answer, because the gateway was down."""
REFUSALS = (503, 504)


@dataclass
class Answer:
    """The answer of a request."""

    key: str
    status: int
    code: str
    id: str
    began: float
    seconds: float
    reply: bytes = field(repr=False)
    again: Callable[[], "Answer"] = field(repr=False)
    """Repeats the request."""


def ask(person: Person, path: str, key: str, body: dict[str, str] | None = None) -> Answer:
    """Send a POST, and return any answer."""
    began = time.monotonic()
    try:
        reply = person.try_post(path, key=key, **(body or {}))
        told, status, content = reply.json(), reply.status_code, reply.content
    except requests.ConnectionError:
        told, status, content = {}, NO_ANSWER, b""
    seconds = time.monotonic() - began
    again = partial(ask, person, path, key, body)
    return Answer(key, status, told.get("code", ""), told.get("id", ""), began, seconds, content, again)


def book(patient: Person, slot: Slot, key: str) -> Answer:
    """Request an appointment."""
    return ask(patient, BOOKING, key, {"doctor_id": slot.doctor.id, "starts_at": slot.starts_at})


class Stream:
    """Runs while it is entered. `bookings` are the answers, `visits` the completed appointments."""

    def __init__(self, city: City, *, clients: int = CLIENTS) -> None:
        self.city = city
        self.bookings: list[Answer] = []
        self.steps: list[Answer] = []
        self.visits: list[str] = []
        self.failures: list[BaseException] = []
        self.stopping = threading.Event()
        self.agreed: queue.Queue[tuple[Person, str] | None] = queue.Queue()
        self.slot = next(city.slots)
        self.near_slots = itertools.islice(city.near_slots, HELD)
        self.numbers = itertools.count(1)
        works: list[Callable[[], None]] = [self._book_on] * clients
        self.threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in [*works, self._hold_on]
        ]

    def __enter__(self) -> Self:
        for thread in self.threads:
            thread.start()
        try:
            self.wait_for_bookings(2 * len(self.threads))
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: TracebackType | None) -> None:
        self.stopping.set()
        for thread in self.threads[:-1]:
            thread.join()
        self.agreed.put(None)
        self.threads[-1].join()
        if error is None and self.failures:
            raise self.failures[0]

    def statuses(self) -> Counter[int]:
        """The number of bookings by status."""
        return Counter(answer.status for answer in self.bookings)

    def wait_for_bookings(self, number: int, *, seconds: float = 60.0) -> float:
        """Wait until `number` later bookings have succeeded. Return the seconds."""
        now = time.monotonic()
        done = lambda: sum(a.status == 201 and a.began >= now for a in self.bookings)  # noqa: E731
        eventually(lambda: self.failures or done() >= number, seconds=seconds)
        return time.monotonic() - now

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  raised at the end
            self.failures.append(error)

    def _book_on(self) -> None:
        while not self.stopping.is_set():
            patient = self.city.person(Role.PATIENT)
            for number in itertools.islice(self.numbers, BOOKINGS_OF_A_PATIENT):
                near = next(self.near_slots, None) if number % VISIT_EACH == 1 else None
                if number % CONTESTED_EACH:
                    self.slot = near or next(self.city.slots)
                self._book(patient, self.slot, to_be_held=near is not None)
                if self.stopping.wait(PAUSE_SECONDS):
                    return

    def _book(self, patient: Person, slot: Slot, *, to_be_held: bool) -> None:
        answer = book(patient, slot, str(uuid4()))
        self.bookings.append(answer)
        if answer.status == 201 and to_be_held and self.agreed.qsize() < LINE:
            self.agreed.put((slot.doctor, answer.id))

    def _hold_on(self) -> None:
        while (agreed := self.agreed.get()) is not None:
            doctor, visit = agreed
            for step in STEPS:
                self._take(doctor, visit, step)
            self.visits.append(visit)

    def _take(self, doctor: Person, visit: str, step: str) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            answer = ask(doctor, f"/api/doctors/appointments/{visit}/{step}", f"{step} {visit}")
            self.steps.append(answer)
            if answer.status == 200:
                return
            assert answer.status in (*REFUSALS, NO_ANSWER), answer
            assert time.monotonic() < deadline, answer
            time.sleep(PAUSE_SECONDS)
