"""The people of the state machine. Each answer of the service is compared with the reference model."""

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
from contracts.clinical.patients import PatientRegistered
from contracts.scheduling.appointments.commands import BookAppointment
from contracts.scheduling.availability import RuleView
from services.scheduling.directory import doctors, patients
from services.scheduling.models.appointments import Appointment
from tests.events import example_of
from tests.scheduling import factories
from tests.scheduling.database_checks import DatabaseChecks
from tests.scheduling.factories import BERLIN
from tests.scheduling.reference_model import ACTIVE, NO_DOCTOR, NOT_FOUND, Hours, Model, SlotRequest, Visit
from tests.scheduling.service_client import DONE, Answer, ManualClock, ask

LONG_RUN = bool(os.environ.get("HYPOTHESIS_LONG"))
EXAMPLES = {True: 1000, False: 400} if LONG_RUN else {True: 30, False: 20}
"""The number of examples on SQLite, and on PostgreSQL, which is slower."""
START = datetime(2026, 11, 2, 6, 7, tzinfo=UTC)
"""A moment in winter, when Berlin has a fixed offset. It is not the start of a slot."""
HOURS = (Hours(time(8), 4, timedelta(minutes=30)), Hours(time(8), 3, timedelta(minutes=45)))
PATIENTS = 4
"""The number of patients. The last patient is the second doctor."""
DESK, ADMIN = factories.make_user("receptionist"), factories.make_user("admin")
REQUEST_KINDS = ("without revision", "with revision", "with wrong revision", "as another person")
"""The kinds of a request: three ways to state the revision, or sent by a person without access to the visit."""


class MachineBase(RuleBasedStateMachine):
    """Two doctors and their patients, new in each example, and the model of their visits."""

    database: Database
    clock: ManualClock
    outcomes: Counter[tuple[str, str]]
    """The number of each outcome of each command, in all examples."""

    @initialize()
    def add_people(self) -> None:
        """Store the doctors and the patients. There are no visits."""
        self.clock.at = START
        with self.database.begin() as session:
            added = [factories.add_doctor(session, _rules(hours)) for hours in HOURS]
        self.doctors = [replace(doctor, roles=frozenset({"doctor", "patient"})) for doctor in added]
        self.patients = [*(factories.make_patient() for _ in range(PATIENTS - 1)), self.doctors[-1]]
        with self.database.begin() as session:
            for patient in self.patients:
                event = example_of(PatientRegistered, patient_id=patient.person)
                patients.on_patient_registered(session, factories.event_actor(session), event)
        ids = [doctor.person for doctor in self.doctors]
        self.model = Model(dict(zip(ids, HOURS, strict=True)), START)
        self.event_count = 1
        self.checks = DatabaseChecks(self.database, ids)

    def teardown(self) -> None:
        """Cancel all visits, so that the timers of the next example skip them."""
        ours = Appointment.doctor_id.in_([doctor.person for doctor in self.doctors])
        with self.database.begin() as session:
            session.execute(update(Appointment).where(ours).values(status="cancelled"))

    @invariant()
    def database_matches_model(self) -> None:
        """Compare the database with the model after each step, also after a refusal."""
        if hasattr(self, "checks"):
            self.checks.check(self.model)

    def ask(
        self, actor: Actor, contract: type[Command], refusals: set[str], *, tag: str = "", **payload: Any
    ) -> Answer:
        """Send a request, and compare its outcome with the refusals that the model allows."""
        answer = ask(self.database, actor, contract, payload, if_match=tag)
        self.outcomes[contract.__name__, answer.code] += 1
        if refusals:
            wanted = {"not_found" if code == NO_DOCTOR else code for code in refusals}
            assert answer.code in wanted, (contract, payload, answer, refusals)
        else:
            assert answer.code == DONE, (contract, payload, answer)
        return answer

    def book(self, actor: Actor, wish: SlotRequest, refusals: set[str], status: str) -> None:
        """Book a visit, and add it to the model if the model allows it."""
        refusals = NOT_FOUND if refusals >= NOT_FOUND else refusals | self.model.refusals_of_booking(wish)
        ids: dict[str, Any] = {"doctor_id": wish.doctor, "patient_id": wish.patient}
        answer = self.ask(actor, BookAppointment, refusals, **ids, **booking_fields(wish))
        if not refusals:
            by = "doctor" if actor.person == wish.doctor else "desk"
            self.model.book(UUID(str(answer.reply["id"])), wish, status, by)

    def handle_doctor_event(self, doctor: Actor, *, is_suspended: bool) -> None:
        """Handle the event that auth suspended or approved a doctor."""
        self.event_count += 1
        with self.database.begin() as session:
            if is_suspended:
                doctors.suspend(session, factories.event_actor(session, self.event_count), user_id=doctor.person)
            else:
                factories.approve_doctor(session, doctor, self.event_count)

    def pick_visit(self, number: int) -> Visit:
        """A visit, in most cases an open visit."""
        if not self.model.visits:
            reject()
        visits = list(self.model.visits.values())
        live = [visit for visit in visits if visit.status in (*ACTIVE, "displaced")]
        found = live + [visit for visit in visits if visit not in live][-2:]
        return found[number % len(found)]

    def change(
        self, actor: Actor, contract: type[Command], visit: Visit, refusals: set[str], kind: str, **payload: Any
    ) -> bool:
        """Change a visit; return whether the model allows the change."""
        if actor.person == visit.patient and "patient" not in contract.roles:
            refusals = {"own_visit"}
        elif refusals >= NOT_FOUND:
            refusals = NOT_FOUND
        elif kind == "with wrong revision":
            refusals = refusals | {"stale"}
        tag = {"with revision": f'"{visit.revision}"', "with wrong revision": f'"{visit.revision + 1}"'}.get(kind, "")
        self.ask(actor, contract, refusals, tag=tag, appointment_id=visit.id, **payload)
        return not refusals

    def time_of(self, when: tuple[int, int]) -> datetime:
        """The time of a pair: days from today, and minutes after doctors open."""
        days, minutes = when
        return datetime.combine(self.clock.at.date(), time(8), UTC) + timedelta(days=days, minutes=minutes)

    def doctor_of(self, visit: Visit, kind: str) -> Actor:
        """The doctor of the visit, or the other doctor."""
        return next(
            doctor for doctor in self.doctors if (doctor.person == visit.doctor) != (kind == "as another person")
        )

    def patient_of(self, visit: Visit, kind: str) -> Actor:
        """The patient of the visit, or another patient."""
        return next(
            patient for patient in self.patients if (patient.person == visit.patient) != (kind == "as another person")
        )


def refused_unless(visit: Visit, *statuses: str, code: str, kind: str = "") -> set[str]:
    """The refusal code, unless the visit has one of these statuses. Another person gets `not_found`."""
    if kind == "as another person":
        return NOT_FOUND | set()
    return set() if visit.status in statuses else {code}


def booking_fields(wish: SlotRequest) -> dict[str, Any]:
    """The fields of a command for the time and the overbooking."""
    overbooked = {"overbook_reason": "It cannot wait.", "minutes": wish.minutes} if wish.minutes else {}
    return {"starts_at": wish.starts_at, **overbooked}


def _rules(hours: Hours) -> list[RuleView]:
    """Hours as rules in the local time of the hospital."""
    opens = datetime.combine(START.date(), hours.opens, UTC).astimezone(BERLIN)
    closes = opens + hours.slots * hours.length
    minutes = hours.length // timedelta(minutes=1)
    return [factories.Hours(weekday, opens.time(), closes.time(), minutes).view() for weekday in range(7)]


def machine_settings(database: Database) -> settings:
    """The number and the length of the examples."""
    return settings(
        max_examples=EXAMPLES[database.is_sqlite],
        stateful_step_count=60 if LONG_RUN else 30,
        derandomize=not LONG_RUN,
        phases=[Phase.generate, Phase.shrink] if LONG_RUN else [Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
