"""The people of the state machine, and how they ask: each answer is held against what the model says is right."""

import os
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, Phase, reject, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from sqlalchemy import update

from chassis.contract import Command
from chassis.identity import Actor
from chassis.persistence.database import Database
from contracts.auth.events import DoctorApproved
from contracts.clinical.patients import PatientRegistered
from contracts.scheduling.appointments.commands import BookAppointment
from contracts.scheduling.availability import RuleView
from services.scheduling.directory import doctors, patients
from services.scheduling.models.appointments import Appointment
from tests.events import example_of
from tests.scheduling import factories
from tests.scheduling.asking import DONE, Answer, Clock, ask
from tests.scheduling.evidence import Evidence
from tests.scheduling.factories import BERLIN
from tests.scheduling.model import ACTIVE, NO_DOCTOR, NOT_FOUND, Hours, Model, Visit, Wish

LONG = bool(os.environ.get("HYPOTHESIS_LONG"))
EXAMPLES = {True: 1000, False: 400} if LONG else {True: 90, False: 60}
"""On SQLite, and on PostgreSQL, which takes longer for each."""
BEGIN = datetime(2026, 11, 2, 6, 7, tzinfo=UTC)
"""Winter, and never just at the start of a slot: those moments have tests of their own."""
HOURS = (Hours(time(8), 4, timedelta(minutes=30)), Hours(time(8), 3, timedelta(minutes=45)))
PATIENTS = 4
"""The last of them is the second doctor."""
DESK, ADMIN = factories.patient(None, "receptionist"), factories.patient(None, "admin")
HOW = ("plainly", "knowing it", "knowing another", "as another")
"""How somebody asks: with no revision, with the right one, with a wrong one; or not the one whose visit it is."""


class People(RuleBasedStateMachine):
    """Two doctors and their patients, new in each example, and the model of what becomes of their visits."""

    database: Database
    clock: Clock
    outcomes: Counter[tuple[str, str]]
    """How often each command had each outcome, in all examples."""

    @initialize()
    def people_come(self) -> None:
        """Nobody has asked for anything."""
        self.clock.at = BEGIN
        with self.database.begin() as session:
            made = [factories.doctor(session, _rules(hours)) for hours in HOURS]
        self.doctors = [replace(one, roles=frozenset({"doctor", "patient"})) for one in made]
        self.patients = [*(factories.patient() for _ in range(PATIENTS - 1)), self.doctors[-1]]
        with self.database.begin() as session:
            for one in self.patients:
                patients.admit(session, factories.heard(session), example_of(PatientRegistered, patient_id=one.person))
        ids = [one.person for one in self.doctors]
        self.model = Model(dict(zip(ids, HOURS, strict=True)), BEGIN)
        self.words = 1
        self.evidence = Evidence(self.database, ids)

    def teardown(self) -> None:
        """Leave nothing to the timers of the next example."""
        ours = Appointment.doctor_id.in_([one.person for one in self.doctors])
        with self.database.begin() as session:
            session.execute(update(Appointment).where(ours).values(status="cancelled"))

    @invariant()
    def the_database_has_what_the_model_has(self) -> None:
        """After each step, whatever became of it."""
        if hasattr(self, "evidence"):
            self.evidence.check(self.model)

    def ask(self, who: Actor, contract: type[Command], refusals: set[str], *, tag: str = "", **payload: Any) -> Answer:
        """Ask, and compare what becomes of it with what should."""
        answer = ask(self.database, who, contract, payload, if_match=tag)
        self.outcomes[contract.__name__, answer.code] += 1
        if refusals:
            wanted = {"not_found" if code == NO_DOCTOR else code for code in refusals}
            assert answer.code in wanted, (contract, payload, answer, refusals)
        else:
            assert answer.code == DONE, (contract, payload, answer)
        return answer

    def book(self, who: Actor, wish: Wish, refusals: set[str], status: str) -> None:
        """Ask for a new visit, which is there if that was right."""
        refusals = NOT_FOUND if refusals >= NOT_FOUND else refusals | self.model.against(wish)
        people: dict[str, Any] = {"doctor_id": wish.doctor, "patient_id": wish.patient}
        answer = self.ask(who, BookAppointment, refusals, **people, **asked(wish))
        if not refusals:
            by = "doctor" if who.person == wish.doctor else "desk"
            self.model.book(UUID(str(answer.reply["id"])), wish, status, by)

    def hear(self, doctor: Actor, *, is_gone: bool) -> None:
        """Auth says that a doctor cannot be visited any more, or can again."""
        self.words += 1
        with self.database.begin() as session:
            said = factories.heard(session, self.words)
            if is_gone:
                doctors.suspend(session, said, user_id=doctor.person)
            else:
                doctors.remember(
                    session,
                    said,
                    example_of(
                        DoctorApproved, doctor_id=doctor.person, name="Dr Lena Weiss", specialization="cardiology"
                    ),
                )

    def pick(self, number: int) -> Visit:
        """A visit, mostly one that is not over."""
        if not self.model.visits:
            reject()
        visits = list(self.model.visits.values())
        live = [visit for visit in visits if visit.status in (*ACTIVE, "displaced")]
        found = live + [visit for visit in visits if visit not in live][-2:]
        return found[number % len(found)]

    def change(
        self, who: Actor, contract: type[Command], visit: Visit, refusals: set[str], how: str, **payload: Any
    ) -> bool:
        """Ask for a change of a visit; whether it was right to do it."""
        if who.person == visit.patient and "patient" not in contract.roles:
            refusals = {"own_visit"}
        elif refusals >= NOT_FOUND:
            refusals = NOT_FOUND
        elif how == "knowing another":
            refusals = refusals | {"stale"}
        tag = {"knowing it": f'"{visit.revision}"', "knowing another": f'"{visit.revision + 1}"'}.get(how, "")
        self.ask(who, contract, refusals, tag=tag, appointment_id=visit.id, **payload)
        return not refusals

    def moment(self, when: tuple[int, int]) -> datetime:
        """So many days from now, so many minutes after doctors begin."""
        days, minutes = when
        return datetime.combine(self.clock.at.date(), time(8), UTC) + timedelta(days=days, minutes=minutes)

    def doctor_of(self, visit: Visit, how: str) -> Actor:
        """The visit's doctor, or the other one."""
        return next(one for one in self.doctors if (one.person == visit.doctor) != (how == "as another"))

    def patient_of(self, visit: Visit, how: str) -> Actor:
        """The visit's patient, or another one."""
        return next(one for one in self.patients if (one.person == visit.patient) != (how == "as another"))


def unless(visit: Visit, *statuses: str, code: str, how: str = "") -> set[str]:
    """The refusal, unless the visit has one of these states; for another person there is no such visit."""
    if how == "as another":
        return NOT_FOUND | set()
    return set() if visit.status in statuses else {code}


def asked(wish: Wish) -> dict[str, Any]:
    """The fields of a command that say when, and whether it is to be overbooked."""
    overbooked = {"overbook_reason": "It cannot wait.", "minutes": wish.minutes} if wish.minutes else {}
    return {"starts_at": wish.starts_at, **overbooked}


def _rules(hours: Hours) -> list[RuleView]:
    """A doctor's hours as rules, in the hospital's local time."""
    opens = datetime.combine(BEGIN.date(), hours.opens, UTC).astimezone(BERLIN)
    closes = opens + hours.slots * hours.length
    minutes = hours.length // timedelta(minutes=1)
    return [factories.Hours(weekday, opens.time(), closes.time(), minutes).view() for weekday in range(7)]


def bounds(database: Database) -> settings:
    """How long the machine looks."""
    return settings(
        max_examples=EXAMPLES[database.is_sqlite],
        stateful_step_count=60 if LONG else 30,
        derandomize=not LONG,
        phases=[Phase.generate, Phase.shrink] if LONG else [Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
