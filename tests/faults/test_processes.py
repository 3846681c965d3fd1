"""Each process is killed under a stream of bookings and visits, or replaced regularly."""

import itertools
import signal
from functools import partial
from uuid import uuid4

import pytest

from contracts.roles import Role
from tests.faults import books
from tests.faults.books import DEADLINE_SECONDS, GRACE_SECONDS
from tests.faults.city import READY_SECONDS, City
from tests.faults.holding import at_once
from tests.faults.stream import Stream, book
from tests.hospital import PROCESSES

pytestmark = [pytest.mark.faults, pytest.mark.servers]

CALLS = 100


@pytest.mark.parametrize("name", PROCESSES)
def test_killed_process_loses_and_doubles_nothing(city: City, name: str, rounds: int, clients: int) -> None:
    with Stream(city, clients=clients) as stream:
        for _ in range(rounds):
            city.process(name).end(signal.SIGKILL)
            city.process(name).start()
            city.wait_until_ready(name)
            stream.wait_for_bookings(clients, seconds=READY_SECONDS)
    books.assert_consistent(city, stream, unanswered=name == "gateway")


def test_frozen_service_does_not_start_calls_after_their_deadline(city: City) -> None:
    slots, patient = list(itertools.islice(city.slots, CALLS)), city.person(Role.PATIENT)
    scheduling = city.process("scheduling")
    scheduling.send(signal.SIGSTOP)
    try:
        answers = at_once([partial(book, patient, slot, str(uuid4())) for slot in slots])
        assert city.register().status_code == 201
    finally:
        scheduling.send(signal.SIGCONT)
    assert {(answer.status, answer.code) for answer in answers} == {(504, "no_answer")}
    assert max(answer.seconds for answer in answers) <= DEADLINE_SECONDS + GRACE_SECONDS
    assert book(patient, slots[0], str(uuid4())).status == 201
    assert len(patient.get("/api/patient/appointments")["items"]) == 1


def test_replacing_one_of_two_processes_fails_no_request(city: City, rounds: int, clients: int) -> None:
    second = city.another("scheduling")
    try:
        with Stream(city, clients=clients) as stream:
            for _ in range(2 * rounds):
                assert city.process("scheduling").end() == 0
                city.process("scheduling").start()
                city.wait_until_ready("scheduling")
                stream.wait_for_bookings(clients, seconds=READY_SECONDS)
    finally:
        second.end()
    counted = books.assert_consistent(city, stream)
    assert set(counted.statuses) == {201, 409}
