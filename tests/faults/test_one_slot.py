"""Many requests at once: one hundred for the same slot, and twenty copies of a request."""

from collections import Counter
from collections.abc import Iterator
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, select

from chassis.persistence.database import Database
from contracts.roles import Role
from services.scheduling.models.appointments import Appointment
from tests.faults.city import City, Slot
from tests.faults.holding import at_once
from tests.faults.stream import book
from tests.hospital import embedded_hospital

pytestmark = [pytest.mark.faults, pytest.mark.servers]


@pytest.fixture(scope="module")
def _embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    folder = tmp_path_factory.mktemp("embedded")
    with embedded_hospital(folder) as hospital:
        city = City(hospital, {name: f"sqlite:///{folder}/{name}.db" for name in ("auth", "scheduling")})
        city.open()
        yield city


@pytest.fixture(params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest) -> City:
    """The hospital on SQLite in one process, and the hospital on servers."""
    found: City = request.getfixturevalue("_embedded" if request.param == "sqlite" else "city")
    return found


def _taken(city: City, slot: Slot) -> int:
    """The number of appointments at that time."""
    database = Database(city.database_urls["scheduling"])
    wanted = (Appointment.doctor_id == UUID(slot.doctor.id), Appointment.starts_at == slot.moment)
    with database.read() as session:
        number = session.execute(select(func.count()).select_from(Appointment).where(*wanted)).scalar_one()
    database.close()
    return number


def test_one_of_a_hundred_requests_gets_the_slot(either: City) -> None:
    slot = next(either.slots)
    patients = [either.person(Role.PATIENT) for _ in range(100)]
    answers = at_once([partial(book, patient, slot, "") for patient in patients])
    assert Counter((answer.status, answer.code) for answer in answers) == {(201, ""): 1, (409, "slot_taken"): 99}
    assert _taken(either, slot) == 1


def test_twenty_copies_of_a_request_have_one_effect(either: City) -> None:
    slot, patient = next(either.slots), either.person(Role.PATIENT)
    answers = at_once([partial(book, patient, slot, "twenty-times")] * 20)
    assert {(answer.status, answer.reply) for answer in answers} == {(201, answers[0].reply)}
    assert _taken(either, slot) == 1
    assert len(patient.get("/api/patient/appointments")["items"]) == 1


def test_key_is_valid_for_one_request(either: City) -> None:
    slot, other, patient = next(either.slots), next(either.slots), either.person(Role.PATIENT)
    assert book(patient, slot, "one-request").status == 201
    answers = at_once([partial(book, patient, other, "one-request")] * 20)
    assert {(answer.status, answer.code) for answer in answers} == {(422, "key_reused")}
    assert _taken(either, other) == 0
