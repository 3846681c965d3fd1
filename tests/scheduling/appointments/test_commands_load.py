"""Sixteen clients book, move and cancel visits in ten slots at once. No visits overlap, and there is no deadlock."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import eventlet
import pytest
from sqlalchemy import text

from chassis.contract import Command
from chassis.errors import Conflict, NotFound
from chassis.identity import Actor
from chassis.persistence.database import Database
from contracts.auth.events import UserRegistered
from contracts.scheduling.appointments.commands import (
    AcceptAppointment,
    BookAppointment,
    CancelAppointment,
    ChangeAppointment,
    RejectAppointment,
    RescheduleAppointment,
)
from contracts.scheduling.availability import EndTimeOff, TakeTimeOff
from matron.migrations import migrate
from services.scheduling.directory import patients as scheduled
from tests.events import example_of
from tests.hospital import eventually
from tests.scheduling import factories
from tests.scheduling.service_client import DONE, Answer, ask
from tests.servers import PostgreSQL

LONG = os.environ.get("FAULTS") == "long"
pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]

CLIENTS = 16
SECONDS = 30.0 if LONG else 8.0
MOST_SECONDS_MORE = 60.0
LOOK_SECONDS = 0.2
DOCTORS, PATIENTS = 2, 10
DESK, ADMIN = factories.make_user("receptionist"), factories.make_user("admin")
RECENT = 12
"""Clients move and cancel only this number of newest visits. Most older visits are over."""
REASON = "It cannot wait."
OWN = ("book again", "accept", "reject", "away")
"""Requests of doctors. The service answers `not_found` for a visit or a patient of the other doctor."""

ACTIVE = "status IN ('requested', 'booked', 'arrived', 'in_progress')"
OVERLAPPING = text(
    f"""
    SELECT count(*) FROM appointment a JOIN appointment b ON a.id < b.id
        AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
    WHERE a.{ACTIVE} AND b.{ACTIVE}
        AND (a.patient_id = b.patient_id OR a.doctor_id = b.doctor_id AND NOT (a.overbooked OR b.overbooked)
            OR a.patient_id = b.doctor_id OR a.doctor_id = b.patient_id)
    """  # noqa: S608  the states are ours
)
IN_TIME_OFF = text(
    """
    SELECT count(*) FROM appointment a JOIN time_off t ON a.doctor_id = t.doctor_id
        AND a.starts_at < t.ends_at AND t.starts_at < a.ends_at
    WHERE a.status IN ('requested', 'booked', 'arrived')
    """
)
INCOMPLETE = text(
    """
    WITH changed AS (
        SELECT appointment_id AS id, array_agg(revision ORDER BY revision) AS revisions
        FROM appointment_change GROUP BY appointment_id
    ), said AS (
        SELECT subject::uuid AS id, array_agg((data->>'revision')::int ORDER BY (data->>'revision')::int) AS revisions
        FROM outbox WHERE NOT internal GROUP BY subject
    ), whole AS (
        SELECT id, (SELECT array_agg(n) FROM generate_series(1, a.revision) n) AS revisions FROM appointment a
    )
    SELECT count(*) FROM whole LEFT JOIN changed USING (id) LEFT JOIN said USING (id)
    WHERE changed.revisions IS DISTINCT FROM whole.revisions OR said.revisions IS DISTINCT FROM whole.revisions
    """
)
CHANGES = text("SELECT appointment_id::text, revision FROM appointment_change WHERE status <> 'displaced'")
STATISTICS = text("SELECT deadlocks, xact_commit FROM pg_stat_database WHERE datname = current_database()")


@dataclass
class Storm:
    """The clients, their shared state, and the outcomes of their requests."""

    database: Database
    doctors: list[Actor]
    patients: list[Actor]
    slots: list[datetime]
    ends: float
    visits: dict[str, tuple[Actor, Actor]] = field(default_factory=dict)
    """Patient and doctor of each visit, by its id."""
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    strange: list[tuple[str, Answer]] = field(default_factory=list)
    answered: set[tuple[str, int]] = field(default_factory=set)
    """Id and revision of each visit in a reply."""
    overlaps: int = 0

    def goes_on(self) -> bool:
        """Whether to send more requests: until the time is over and each kind has succeeded once."""
        seconds_over = time.monotonic() - self.ends
        return seconds_over < 0 or (seconds_over < MOST_SECONDS_MORE and not self.done.keys() >= WEIGHTS.keys())

    def client(self, number: int) -> None:
        """Send random requests as a client."""
        dice = random.Random(number)
        while self.goes_on():
            kinds, weights = zip(*WEIGHTS.items(), strict=True)
            (kind,) = dice.choices(kinds, weights)
            if kind == "book" or self.visits:
                getattr(self, f"_{kind}")(dice)
            eventlet.sleep(0)

    def watch(self) -> None:
        """Count the overlaps in the database, again and again. There must be none at any moment."""
        while self.goes_on():
            self.overlaps += number(self.database, OVERLAPPING) + number(self.database, IN_TIME_OFF)
            eventlet.sleep(LOOK_SECONDS)

    def _ask(self, kind: str, caller: Actor, contract: type[Command], **payload: Any) -> Any:
        """Send a request and count its outcome; return the reply, or None after a refusal."""
        answer = ask(self.database, caller, contract, payload)
        if answer.code == DONE:
            self.done[kind] += 1
            if "revision" in answer.reply:
                self.answered.add((str(answer.reply["id"]), answer.reply["revision"]))
            return answer.reply
        self.refused[f"{kind}: {answer.code}"] += 1
        if not isinstance(answer.refusal, Conflict) and not (kind in OWN and isinstance(answer.refusal, NotFound)):
            self.strange.append((kind, answer))
        return None

    def _book(self, dice: random.Random) -> None:
        patient, doctor, starts_at = dice.choice(self.patients), dice.choice(self.doctors), dice.choice(self.slots)
        people = {"doctor_id": doctor.person, "patient_id": patient.person}
        caller = dice.choice([patient, patient, DESK, doctor])
        kind = "book again" if caller is doctor else "book"
        reply = self._ask(kind, caller, BookAppointment, **people, starts_at=starts_at)
        if reply is not None:
            self.visits[str(reply["id"])] = patient, doctor

    def _of_one(self, dice: random.Random) -> tuple[dict[str, str], Actor, Actor]:
        visit_id = dice.choice(list(self.visits)[-RECENT:])
        return {"appointment_id": visit_id}, *self.visits[visit_id]

    def _move(self, dice: random.Random) -> None:
        visit, patient, _doctor = self._of_one(dice)
        payload = {**visit, "starts_at": dice.choice(self.slots)}
        self._ask("move", dice.choice([patient, patient, DESK]), RescheduleAppointment, **payload)

    def _change(self, dice: random.Random) -> None:
        visit, _who, _doctor = self._of_one(dice)
        payload = {**visit, "starts_at": dice.choice(self.slots), "doctor_id": dice.choice(self.doctors).person}
        self._ask("change", ADMIN, ChangeAppointment, **payload)

    def _cancel(self, dice: random.Random) -> None:
        visit, patient, _doctor = self._of_one(dice)
        self._ask("cancel", dice.choice([patient, DESK]), CancelAppointment, **visit, reason=REASON)

    def _accept(self, dice: random.Random) -> None:
        visit, _who, doctor = self._of_one(dice)
        self._ask("accept", doctor, AcceptAppointment, **visit)

    def _reject(self, dice: random.Random) -> None:
        visit, _who, doctor = self._of_one(dice)
        self._ask("reject", doctor, RejectAppointment, **visit, reason=REASON)

    def _away(self, dice: random.Random) -> None:
        doctor, starts_at = dice.choice(self.doctors), dice.choice(self.slots)
        times = {"starts_at": starts_at, "ends_at": starts_at + timedelta(minutes=30)}
        owner = {"doctor_id": doctor.person}
        taken = self._ask("away", doctor, TakeTimeOff, **owner, **times, displace=dice.random() < 0.8)
        if taken is not None:
            eventlet.sleep(0.01)
            self._ask("back", doctor, EndTimeOff, **owner, time_off_id=taken["id"])


WEIGHTS = {"book": 30, "move": 25, "change": 10, "cancel": 20, "accept": 10, "reject": 3, "away": 2}


def number(database: Database, statement: Any) -> int:
    """The number that a statement returns."""
    with database.autocommit() as connection:
        return int(connection.execute(statement).scalar_one())


@pytest.fixture
def storm(postgresql: PostgreSQL) -> Iterator[Storm]:
    """Two doctors with five slots each at the same times, and ten patients. The doctors are two of the patients."""
    url = postgresql.create_database("storm")
    database = Database(url)
    migrate("scheduling", database)
    with database.begin() as session:
        added = [factories.add_doctor(session) for _ in range(DOCTORS)]
        doctors = [replace(doctor, roles=frozenset({"doctor", "patient"})) for doctor in added]
        patients = [*doctors, *(factories.make_patient() for _ in range(PATIENTS - DOCTORS))]
        for patient in patients:
            scheduled.on_user_changed(
                session, factories.event_actor(session), example_of(UserRegistered, user_id=patient.person)
            )
    slots = [factories.at(days=3, hour=9 + half // 2, minute=30 * (half % 2)) for half in range(5)]
    yield Storm(database, doctors, patients, slots, time.monotonic() + SECONDS)
    database.close()
    postgresql.drop(url)


def test_ten_slots_never_overlap_when_sixteen_clients_race(storm: Storm) -> None:
    threads = [eventlet.spawn(storm.client, number) for number in range(CLIENTS)] + [eventlet.spawn(storm.watch)]
    for thread in threads:
        thread.wait()
    print(f"done {dict(storm.done)}, refused {dict(storm.refused)}")
    assert storm.strange == []
    assert storm.overlaps == number(storm.database, OVERLAPPING) == number(storm.database, IN_TIME_OFF) == 0
    assert number(storm.database, INCOMPLETE) == 0
    with storm.database.autocommit() as connection:
        assert {tuple(row) for row in connection.execute(CHANGES)} <= storm.answered, (
            "a refused request must change nothing"
        )
    assert storm.done.keys() >= WEIGHTS.keys()
    assert storm.refused["book: slot_taken"]
    _check_deadlocks(storm)


def _check_deadlocks(storm: Storm) -> None:
    """Assert that there was no deadlock, not even a retried one. A connection reports its statistics when it closes."""
    storm.database.close()

    def has_no_deadlock() -> bool:
        with storm.database.autocommit() as connection:
            deadlocks, commits = connection.execute(STATISTICS).one()
        assert deadlocks == 0
        return bool(commits >= storm.done.total())

    eventually(has_no_deadlock)
