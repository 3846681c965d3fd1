"""The rules of the state machine: requests that it may send, and their effect on the reference model."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, consumes, multiple, rule

from contracts.scheduling.appointments.commands import (
    AcceptAppointment,
    CancelAppointment,
    ChangeAppointment,
    RejectAppointment,
    RescheduleAppointment,
)
from contracts.scheduling.appointments.visits import CompleteVisit, MarkArrived, MarkNoShow, StartVisit, UndoCompletion
from contracts.scheduling.availability import EndTimeOff, TakeTimeOff
from tests.scheduling.machine_strategies import (
    authors,
    displaces,
    doctors,
    kinds,
    minutes,
    named_doctors,
    numbers,
    patients,
    punctual,
    repeats,
    times,
)
from tests.scheduling.reference_model import MOVABLE, NOT_FOUND, PRESENT, SlotRequest, Visit
from tests.scheduling.service_client import run_all_timers
from tests.scheduling.state_machine_base import (
    ADMIN,
    DESK,
    REQUEST_KINDS,
    START,
    MachineBase,
    booking_fields,
    refused_unless,
)

MOVES = ["accept", "reject", "arrive", "start", "complete", "mark_no_show", "cancel", "undo_completion"]


class AppointmentMachine(MachineBase):
    """Each rule sends requests, and applies the accepted changes to the model."""

    times_off: Bundle[UUID] = Bundle("times_off")

    # --- booking ------------------------------------------------------------------------------------------------------

    @rule(doctor=doctors, patient=patients, when=times, minutes=minutes, kind=kinds, days=repeats)
    def patient_requests_visits(
        self, *, doctor: int, patient: int, when: tuple[int, int], minutes: int | None, kind: str, days: int
    ) -> None:
        """Request a visit at the same time on each of some days."""
        owner, other = self.patients[patient], kind == "as another person"
        if other and self.patients[patient - other] is self.doctors[doctor]:
            reject()  # The next rule is for doctors who book.
        for day in range(days):
            wish = SlotRequest(
                self.doctors[doctor].person, owner.person, self.time_of((when[0] + day, when[1])), minutes
            )
            refusals = NOT_FOUND if other else self.model.refusals_of_request(owner.person)
            refusals = refusals | ({"desk_only"} if minutes else set())
            self.book(self.patients[patient - other], wish, refusals, "requested")

    @rule(doctor=doctors, patient=patients, when=times, minutes=minutes, kind=kinds)
    def desk_or_doctor_books_visit(
        self, *, doctor: int, patient: int, when: tuple[int, int], minutes: int | None, kind: str
    ) -> None:
        """Book as the desk, as the doctor, or as the other doctor."""
        by_doctor, other = kind in REQUEST_KINDS[1:] and not minutes, kind == "as another person"
        wish = SlotRequest(self.doctors[doctor].person, self.patients[patient].person, self.time_of(when), minutes)
        has_attended, author = self.model.has_attended(wish.doctor, wish.patient), self.doctors[doctor - other]
        if by_doctor and author.person == wish.patient:
            reject()  # The rule above is for patients who book.
        refusals = NOT_FOUND if by_doctor and (other or not has_attended) else set[str]()
        self.book(author if by_doctor else DESK, wish, refusals, "booked")

    # --- the course of a visit ----------------------------------------------------------------------------------------

    @rule(number=numbers, move=st.sampled_from(MOVES), kind=kinds)
    def change_is_tried(self, *, number: int, move: str, kind: str) -> None:
        getattr(self, move)(self.pick_visit(number), kind)

    @rule(number=numbers, steps=st.integers(1, 4), in_time=st.booleans())
    def visit_progresses(self, *, number: int, steps: int, in_time: bool) -> None:
        """Send the next allowed requests, so that many visits reach their end."""
        if in_time:
            self.time_passes(number=number, hours=-3)
        visit = self.pick_visit(number)
        for _ in range(steps):
            course = {"requested": "accept", "booked": "arrive" if in_time else "start", "arrived": "start"}
            getattr(self, "complete" if visit.status == "in_progress" else course.get(visit.status, "cancel"))(
                visit, REQUEST_KINDS[0]
            )

    @rule(number=numbers, late=st.booleans(), kind=kinds)
    def visit_ends_early(self, *, number: int, late: bool, kind: str) -> None:
        if late:
            self.time_passes(number=number, hours=None)
        visit = self.pick_visit(number)
        ends = {"requested": "reject", "booked": "mark_no_show" if visit.starts_at < self.clock.at else "cancel"}
        getattr(self, ends.get(visit.status, "cancel"))(visit, kind)

    def accept(self, visit: Visit, kind: str) -> None:
        refusals = refused_unless(visit, "requested", code="not_requested", kind=kind)
        refusals |= {"too_late"} if self.model.is_too_late(visit) else set()
        if self.change(self.doctor_of(visit, kind), AcceptAppointment, visit, refusals, kind):
            visit.become("booked", "appointment_booked", by="doctor", overbooked=visit.overbooked)

    def reject(self, visit: Visit, kind: str) -> None:
        refusals, doctor = (
            refused_unless(visit, "requested", code="not_requested", kind=kind),
            self.doctor_of(visit, kind),
        )
        if self.change(doctor, RejectAppointment, visit, refusals, kind, reason="No."):
            visit.become("rejected", "appointment_rejected")

    def arrive(self, visit: Visit, kind: str) -> None:
        refusals = refused_unless(visit, "booked", "no_show", code="not_booked") | self.model.refusals_of_arrival(visit)
        if self.change(DESK, MarkArrived, visit, refusals, kind):
            visit.become("arrived", "patient_arrived")

    def start(self, visit: Visit, kind: str) -> None:
        refusals = refused_unless(
            visit, "booked", "arrived", code="not_booked", kind=kind
        ) | self.model.refusals_of_start(visit)
        if self.change(self.doctor_of(visit, kind), StartVisit, visit, refusals, kind):
            visit.become("in_progress", "visit_started")

    def complete(self, visit: Visit, kind: str) -> None:
        refusals = refused_unless(visit, "in_progress", code="not_in_progress", kind=kind)
        if self.change(self.doctor_of(visit, kind), CompleteVisit, visit, refusals, kind):
            visit.become("fulfilled", "visit_completed")

    def undo_completion(self, visit: Visit, kind: str) -> None:
        refusals = refused_unless(visit, "fulfilled", code="not_fulfilled")
        if self.change(ADMIN, UndoCompletion, visit, refusals, kind, reason="No."):
            self.model.undo(visit)

    def mark_no_show(self, visit: Visit, kind: str) -> None:
        by_desk = kind == "with revision"
        refusals = refused_unless(visit, "booked", code="not_booked", kind=kind)
        refusals |= {"too_early"} if self.clock.at < visit.starts_at else set()
        if self.change(DESK if by_desk else self.doctor_of(visit, kind), MarkNoShow, visit, refusals, kind):
            visit.become("no_show", "appointment_missed")

    def cancel(self, visit: Visit, kind: str) -> None:
        by_desk = kind == "with revision"
        refusals = refused_unless(visit, *MOVABLE, *(PRESENT if by_desk else ()), code="cannot_be_cancelled", kind=kind)
        late, by = self.model.is_late(visit), "desk" if by_desk else "patient"
        refusals |= {"late_cancel"} if late and not by_desk else set()
        actor = DESK if by_desk else self.patient_of(visit, kind)
        if self.change(actor, CancelAppointment, visit, refusals, kind, reason="No."):
            visit.become("cancelled", "appointment_cancelled", late=late, by=by)

    # --- other times --------------------------------------------------------------------------------------------------

    @rule(number=numbers, by=authors, when=st.none() | times, minutes=minutes, doctor=named_doctors, kind=kinds)
    def visit_is_rescheduled(
        self, *, number: int, by: str, when: tuple[int, int] | None, minutes: int | None, doctor: int | None, kind: str
    ) -> None:
        """Move a visit to another or the same time, sometimes to another doctor."""
        visit = self.pick_visit(number)
        to = visit.doctor if doctor is None else self.doctors[doctor].person
        wish = SlotRequest(to, visit.patient, visit.starts_at if when is None else self.time_of(when), minutes)
        actor = {"patient": self.patient_of(visit, kind), "doctor": self.doctor_of(visit, kind), "desk": DESK}[by]
        if by == "doctor" and actor.person == visit.patient:
            by, kind = "patient", REQUEST_KINDS[0]
        is_there = (visit.doctor, visit.starts_at, None) == (
            to,
            wish.starts_at,
            minutes,
        ) and visit.status != "displaced"
        refusals = refused_unless(visit, *MOVABLE, code="cannot_be_moved", kind="" if by == "desk" else kind)
        refusals |= set() if is_there else self.model.refusals_of_move(visit, by, wish)
        named = booking_fields(wish) if doctor is None else {**booking_fields(wish), "doctor_id": to}
        if self.change(actor, RescheduleAppointment, visit, refusals, kind, **named) and not is_there:
            self.model.move(visit, wish, "requested" if by == "patient" else "booked", by)

    @rule(number=numbers, doctor=doctors, when=times, kind=kinds)
    def admin_changes_visit(self, *, number: int, doctor: int, when: tuple[int, int], kind: str) -> None:
        visit = self.pick_visit(number)
        wish = SlotRequest(self.doctors[doctor].person, visit.patient, self.time_of(when))
        is_other = visit.status != "booked" or (wish.doctor, wish.starts_at) != (visit.doctor, visit.starts_at)
        refusals = refused_unless(visit, *MOVABLE, code="cannot_be_moved")
        refusals |= self.model.refusals_of_booking(wish, but=visit) if is_other else set()
        facts: dict[str, Any] = {"doctor_id": wish.doctor, "starts_at": wish.starts_at}
        if self.change(ADMIN, ChangeAppointment, visit, refusals, kind, **facts) and is_other:
            self.model.move(visit, wish, "booked", "desk")

    # --- time ---------------------------------------------------------------------------------------------------------

    @rule(target=times_off, doctor=doctors, when=times, length=st.sampled_from([30, 60, 1440]), displace=displaces)
    def doctor_takes_time_off(self, *, doctor: int, when: tuple[int, int], length: int, displace: bool) -> Any:
        actor, starts_at = self.doctors[doctor], self.time_of(when)
        time_off = actor.person, starts_at, starts_at + timedelta(minutes=length)
        displaced, refusals = (
            self.model.overlapping_visits(*time_off),
            self.model.refusals_of_time_off(*time_off, displace=displace),
        )
        payload: dict[str, Any] = dict(zip(("doctor_id", "starts_at", "ends_at"), time_off, strict=True))
        answer = self.ask(actor, TakeTimeOff, refusals, **payload, displace=displace)
        if refusals:
            return multiple()
        for visit in displaced:
            self.model.displace(visit)
        assert {str(visit_id) for visit_id in answer.reply["displaced"]} == {str(visit.id) for visit in displaced}
        time_off_id = UUID(str(answer.reply["id"]))
        self.model.times_off[time_off_id] = time_off
        return time_off_id

    @rule(time_off_id=consumes(times_off))
    def doctor_ends_time_off(self, *, time_off_id: UUID) -> None:
        doctor_id = self.model.times_off[time_off_id][0]
        doctor = next(doctor for doctor in self.doctors if doctor.person == doctor_id)
        refusals = NOT_FOUND if doctor_id in self.model.suspended_since else set[str]()
        self.ask(doctor, EndTimeOff, refusals, doctor_id=doctor_id, time_off_id=time_off_id)
        if not refusals:
            del self.model.times_off[time_off_id]

    @rule(doctor=doctors, is_suspended=st.sampled_from([False, False, True]))
    def doctor_is_suspended_or_approved(self, *, doctor: int, is_suspended: bool) -> None:
        """Auth deactivates the account of a doctor, or approves the doctor again."""
        actor = self.doctors[doctor]
        self.handle_doctor_event(actor, is_suspended=is_suspended)
        if is_suspended:
            self.model.suspended_since[actor.person] = self.clock.at
        else:
            self.model.suspended_since.pop(actor.person, None)

    @rule(number=numbers, hours=st.sampled_from([None, None, -3, 1, 24, 49, 15 * 24]), punctual=punctual)
    def time_passes(self, *, number: int, hours: int | None, punctual: bool = True) -> None:
        """Advance the clock by `hours`; None means to seven minutes after a visit begins, -3 to three hours earlier.

        Timers do not run when `punctual` is false.
        """
        due = self.pick_visit(number).starts_at + timedelta(minutes=7)
        moment = {None: due, -3: due - timedelta(hours=3)}.get(hours) or self.clock.at + timedelta(hours=hours or 0)
        moment = max(moment, self.clock.at)
        if moment > START + timedelta(days=100):
            reject()
        self.clock.at = self.model.now = moment
        if punctual:
            run_all_timers(self.database)
            self.model.apply_timers()
        self.outcomes["time", "passed"] += 1
