"""Whatever is asked of the service in whatever order, it does what a simple model of its rules does.

After each step: nobody is in two places, nothing waits in a doctor's time off, ids and history hold, and each change of
a visit was said once. A refused request has changed nothing. `HYPOTHESIS_LONG=1` looks for longer, and elsewhere.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, multiple, rule, run_state_machine_as_test

from chassis import clock
from chassis.persistence.database import Database
from contracts.scheduling.appointments.commands import (
    AcceptAppointment,
    CancelAppointment,
    ChangeAppointment,
    RejectAppointment,
    RescheduleAppointment,
)
from contracts.scheduling.appointments.visits import CompleteVisit, MarkArrived, MarkNoShow, StartVisit, UndoCompletion
from contracts.scheduling.availability import EndTimeOff, TakeTimeOff
from tests.scheduling.asking import DONE, Clock, run_timers
from tests.scheduling.drawn import (
    displacing,
    doctors,
    minutes,
    movers,
    numbers,
    often,
    patients,
    perhaps,
    punctual,
    times,
    ways,
)
from tests.scheduling.machine import ADMIN, BEGIN, DESK, HOW, LONG, People, asked, bounds, unless
from tests.scheduling.model import MOVABLE, NOT_FOUND, PRESENT, Visit, Wish

ALL = {
    "AcceptAppointment",
    "BookAppointment",
    "CancelAppointment",
    "ChangeAppointment",
    "CompleteVisit",
    "EndTimeOff",
    "MarkArrived",
    "MarkNoShow",
    "RejectAppointment",
    "RescheduleAppointment",
    "StartVisit",
    "TakeTimeOff",
    "UndoCompletion",
}
MOVES = ["accepts", "rejects", "arrives", "begins", "completes", "misses", "cancels", "undoes"]


class Visits(People):
    """What can be asked, and what the model does when it is."""

    times_off: Bundle[UUID] = Bundle("times_off")

    # --- booking -----------------------------------------------------------------------------------------------------

    @rule(doctor=doctors, patient=patients, when=times, minutes=minutes, how=ways, days=often)
    def a_patient_asks(
        self, *, doctor: int, patient: int, when: tuple[int, int], minutes: int | None, how: str, days: int
    ) -> None:
        """Perhaps for the same time of several days."""
        whose, other = self.patients[patient], how == "as another"
        if other and self.patients[patient - other] is self.doctors[doctor]:
            reject()  # It is a doctor who books, as below.
        for day in range(days):
            wish = Wish(self.doctors[doctor].person, whose.person, self.moment((when[0] + day, when[1])), minutes)
            refusals = NOT_FOUND if other else self.model.too_many(whose.person)
            refusals = refusals | ({"desk_only"} if minutes else set())
            self.book(self.patients[patient - other], wish, refusals, "requested")

    @rule(doctor=doctors, patient=patients, when=times, minutes=minutes, how=ways)
    def it_is_booked(self, *, doctor: int, patient: int, when: tuple[int, int], minutes: int | None, how: str) -> None:
        """By the desk, or by a doctor: his own visit, or the other one's."""
        by_doctor, other = how in HOW[1:] and not minutes, how == "as another"
        wish = Wish(self.doctors[doctor].person, self.patients[patient].person, self.moment(when), minutes)
        has_met, who = self.model.have_met(wish.doctor, wish.patient), self.doctors[doctor - other]
        if by_doctor and who.person == wish.patient:
            reject()  # It is a patient who asks, as above.
        refusals = NOT_FOUND if by_doctor and (other or not has_met) else set[str]()
        self.book(who if by_doctor else DESK, wish, refusals, "booked")

    # --- the course of a visit ---------------------------------------------------------------------------------------

    @rule(number=numbers, move=st.sampled_from(MOVES), how=ways)
    def something_is_tried(self, *, number: int, move: str, how: str) -> None:
        getattr(self, move)(self.pick(number), how)

    @rule(number=numbers, steps=st.integers(1, 4), in_time=st.booleans())
    def it_takes_its_course(self, *, number: int, steps: int, in_time: bool) -> None:
        """Which is right, so that visits come to an end as often as something is refused."""
        if in_time:
            self.time_goes_by(number=number, hours=-3)
        visit = self.pick(number)
        for _ in range(steps):
            course = {"requested": "accepts", "booked": "arrives" if in_time else "begins", "arrived": "begins"}
            getattr(self, "completes" if visit.status == "in_progress" else course.get(visit.status, "cancels"))(
                visit, HOW[0]
            )

    @rule(number=numbers, late=st.booleans(), how=ways)
    def it_comes_to_nothing(self, *, number: int, late: bool, how: str) -> None:
        if late:
            self.time_goes_by(number=number, hours=None)
        visit = self.pick(number)
        ends = {"requested": "rejects", "booked": "misses" if visit.starts_at < self.clock.at else "cancels"}
        getattr(self, ends.get(visit.status, "cancels"))(visit, how)

    def accepts(self, visit: Visit, how: str) -> None:
        refusals = unless(visit, "requested", code="not_requested", how=how)
        refusals |= {"too_late"} if self.model.is_too_late(visit) else set()
        if self.change(self.doctor_of(visit, how), AcceptAppointment, visit, refusals, how):
            visit.becomes("booked", "appointment_booked", by="doctor", overbooked=visit.overbooked)

    def rejects(self, visit: Visit, how: str) -> None:
        refusals, who = unless(visit, "requested", code="not_requested", how=how), self.doctor_of(visit, how)
        if self.change(who, RejectAppointment, visit, refusals, how, reason="No."):
            visit.becomes("rejected", "appointment_rejected")

    def arrives(self, visit: Visit, how: str) -> None:
        refusals = unless(visit, "booked", "no_show", code="not_booked") | self.model.against_coming(visit)
        if self.change(DESK, MarkArrived, visit, refusals, how):
            visit.becomes("arrived", "patient_arrived")

    def begins(self, visit: Visit, how: str) -> None:
        refusals = unless(visit, "booked", "arrived", code="not_booked", how=how) | self.model.too_early(visit)
        if self.change(self.doctor_of(visit, how), StartVisit, visit, refusals, how):
            visit.becomes("in_progress", "visit_started")

    def completes(self, visit: Visit, how: str) -> None:
        refusals = unless(visit, "in_progress", code="not_in_progress", how=how)
        if self.change(self.doctor_of(visit, how), CompleteVisit, visit, refusals, how):
            visit.becomes("fulfilled", "visit_completed")

    def undoes(self, visit: Visit, how: str) -> None:
        refusals = unless(visit, "fulfilled", code="not_fulfilled")
        if self.change(ADMIN, UndoCompletion, visit, refusals, how, reason="No."):
            self.model.undo(visit)

    def misses(self, visit: Visit, how: str) -> None:
        by_desk = how == "knowing it"
        refusals = unless(visit, "booked", code="not_booked", how=how)
        refusals |= {"too_early"} if self.clock.at < visit.starts_at else set()
        if self.change(DESK if by_desk else self.doctor_of(visit, how), MarkNoShow, visit, refusals, how):
            visit.becomes("no_show", "appointment_missed")

    def cancels(self, visit: Visit, how: str) -> None:
        by_desk = how == "knowing it"
        refusals = unless(visit, *MOVABLE, *(PRESENT if by_desk else ()), code="cannot_be_cancelled", how=how)
        late, by = self.model.is_late(visit), "desk" if by_desk else "patient"
        refusals |= {"late_cancel"} if late and not by_desk else set()
        who = DESK if by_desk else self.patient_of(visit, how)
        if self.change(who, CancelAppointment, visit, refusals, how, reason="No."):
            visit.becomes("cancelled", "appointment_cancelled", late=late, by=by)

    # --- other times -------------------------------------------------------------------------------------------------

    @rule(number=numbers, by=movers, when=st.none() | times, minutes=minutes, doctor=perhaps, how=ways)
    def it_is_moved(
        self, *, number: int, by: str, when: tuple[int, int] | None, minutes: int | None, doctor: int | None, how: str
    ) -> None:
        """To another time, or to where it is; perhaps to another doctor."""
        visit = self.pick(number)
        to = visit.doctor if doctor is None else self.doctors[doctor].person
        wish = Wish(to, visit.patient, visit.starts_at if when is None else self.moment(when), minutes)
        who = {"patient": self.patient_of(visit, how), "doctor": self.doctor_of(visit, how), "desk": DESK}[by]
        if by == "doctor" and who.person == visit.patient:
            by, how = "patient", HOW[0]
        is_there = (visit.doctor, visit.starts_at, None) == (
            to,
            wish.starts_at,
            minutes,
        ) and visit.status != "displaced"
        refusals = unless(visit, *MOVABLE, code="cannot_be_moved", how="" if by == "desk" else how)
        refusals |= set() if is_there else self.model.against_moving(visit, by, wish)
        named = asked(wish) if doctor is None else {**asked(wish), "doctor_id": to}
        if self.change(who, RescheduleAppointment, visit, refusals, how, **named) and not is_there:
            self.model.move(visit, wish, "requested" if by == "patient" else "booked", by)

    @rule(number=numbers, doctor=doctors, when=times, how=ways)
    def the_admin_changes_it(self, *, number: int, doctor: int, when: tuple[int, int], how: str) -> None:
        visit = self.pick(number)
        wish = Wish(self.doctors[doctor].person, visit.patient, self.moment(when))
        is_other = visit.status != "booked" or (wish.doctor, wish.starts_at) != (visit.doctor, visit.starts_at)
        refusals = unless(visit, *MOVABLE, code="cannot_be_moved")
        refusals |= self.model.against(wish, but=visit) if is_other else set()
        facts: dict[str, Any] = {"doctor_id": wish.doctor, "starts_at": wish.starts_at}
        if self.change(ADMIN, ChangeAppointment, visit, refusals, how, **facts) and is_other:
            self.model.move(visit, wish, "booked", "desk")

    # --- time --------------------------------------------------------------------------------------------------------

    @rule(target=times_off, doctor=doctors, when=times, length=st.sampled_from([30, 60, 1440]), displace=displacing)
    def the_doctor_goes(self, *, doctor: int, when: tuple[int, int], length: int, displace: bool) -> Any:
        who, starts_at = self.doctors[doctor], self.moment(when)
        time_off = who.person, starts_at, starts_at + timedelta(minutes=length)
        met, refusals = self.model.in_the_way(*time_off), self.model.against_time_off(*time_off, displace=displace)
        payload: dict[str, Any] = dict(zip(("doctor_id", "starts_at", "ends_at"), time_off, strict=True))
        answer = self.ask(who, TakeTimeOff, refusals, **payload, displace=displace)
        if refusals:
            return multiple()
        for visit in met:
            self.model.displace(visit)
        assert {str(one) for one in answer.reply["displaced"]} == {str(visit.id) for visit in met}
        taken = UUID(str(answer.reply["id"]))
        self.model.off[taken] = time_off
        return taken

    @rule(taken=consumes(times_off))
    def the_doctor_is_back(self, *, taken: UUID) -> None:
        doctor_id = self.model.off[taken][0]
        who = next(one for one in self.doctors if one.person == doctor_id)
        refusals = NOT_FOUND if doctor_id in self.model.gone else set[str]()
        self.ask(who, EndTimeOff, refusals, doctor_id=doctor_id, time_off_id=taken)
        if not refusals:
            del self.model.off[taken]

    @rule(doctor=doctors, is_gone=st.sampled_from([False, False, True]))
    def the_doctor_cannot_be_visited(self, *, doctor: int, is_gone: bool) -> None:
        """Or can again: the account is deactivated, or approved."""
        who = self.doctors[doctor]
        self.hear(who, is_gone=is_gone)
        if is_gone:
            self.model.gone[who.person] = self.clock.at
        else:
            self.model.gone.pop(who.person, None)

    @rule(number=numbers, hours=st.sampled_from([None, None, -3, 1, 24, 49, 15 * 24]), punctual=punctual)
    def time_goes_by(self, *, number: int, hours: int | None, punctual: bool = True) -> None:
        """So many hours, or until the visit has just begun, or three hours before; timers may be late."""
        due = self.pick(number).starts_at + timedelta(minutes=7)
        moment = {None: due, -3: due - timedelta(hours=3)}.get(hours) or self.clock.at + timedelta(hours=hours or 0)
        moment = max(moment, self.clock.at)
        if moment > BEGIN + timedelta(days=100):
            reject()
        self.clock.at = self.model.now = moment
        if punctual:
            run_timers(self.database)
            self.model.pass_time()
        self.outcomes["time", "passed"] += 1


@pytest.fixture
def machine(fresh: Database, monkeypatch: pytest.MonkeyPatch) -> type[Visits]:
    """The state machine on a database of its own, with a clock that only it moves."""
    watch = Clock(BEGIN)
    monkeypatch.setattr(clock, "now", watch.now)
    return type("Machine", (Visits,), {"database": fresh, "clock": watch, "outcomes": Counter()})


@pytest.mark.timeout(3600 if LONG else 300)
def test_the_service_does_what_the_model_does(machine: type[Visits]) -> None:
    run_state_machine_as_test(machine, settings=bounds(machine.database))
    print(machine.outcomes)
    assert len({contract for contract, outcome in machine.outcomes if outcome == DONE} & ALL) > len(ALL) / 2


def test_the_machine_does_and_checks_each_command(machine: type[Visits]) -> None:
    state = machine()
    state.people_come()
    for step in _story(state):
        step()
        state.the_database_has_what_the_model_has()
    assert {contract for contract, outcome in machine.outcomes if outcome == DONE} == ALL


def _story(state: Visits) -> Iterator[Callable[[], Any]]:
    """Each command once at least, of which each is right at its moment."""
    plain: dict[str, Any] = {"how": HOW[0]}
    first: dict[str, Any] = {"doctor": 0, "patient": 0, "when": (1, 0), "minutes": None}
    yield lambda: state.a_patient_asks(**first, **plain, days=2)
    yield lambda: state.something_is_tried(number=0, move="accepts", **plain)
    yield lambda: state.something_is_tried(number=1, move="rejects", **plain)
    yield lambda: state.it_is_moved(number=0, by="patient", when=(2, 0), minutes=None, doctor=None, **plain)
    yield lambda: state.the_admin_changes_it(number=0, doctor=1, when=(1, 45), **plain)
    yield lambda: state.it_takes_its_course(number=0, steps=3, in_time=True)
    yield lambda: state.something_is_tried(number=0, move="undoes", **plain)
    yield lambda: state.it_takes_its_course(number=0, steps=2, in_time=False)
    yield lambda: state.it_is_booked(**first | {"when": (1, 30)}, **plain)
    yield lambda: state.the_doctor_goes(doctor=0, when=(1, 0), length=1440, displace=True)
    yield lambda: state.the_doctor_is_back(taken=next(iter(state.model.off)))
    yield lambda: state.something_is_tried(number=0, move="cancels", **plain)
    yield lambda: state.it_is_booked(**first, **plain)
    yield lambda: state.it_comes_to_nothing(number=0, late=True, **plain)
