"""The moves that an appointment may make."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from contracts.scheduling.appointments.views import AppointmentStatus
from services.scheduling.models.appointments import ACTIVE, Appointment
from services.scheduling.rules import Slot

Move = Callable[[Appointment], None]
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLOT = Slot(NOW + 48 * HOUR, NOW + 49 * HOUR, "Room 7")


def ask_for_another(visit: Appointment) -> None:
    visit.reschedule(visit.doctor_id, SLOT, None)
    visit.ask(NOW)


def agree_on_another(visit: Appointment) -> None:
    visit.reschedule(visit.doctor_id, SLOT, None)
    visit.agree()


MOVES: dict[str, Move] = {
    "accept": lambda visit: visit.accept(NOW - HOUR),
    "reject": lambda visit: visit.reject("holiday"),
    "arrive": lambda visit: visit.arrive(NOW),
    "start": lambda visit: visit.start(NOW),
    "complete": Appointment.complete,
    "undo its completion": lambda visit: visit.undo_completion("booked", "the wrong patient", NOW),
    "undo its completion, its time taken": lambda visit: visit.undo_completion("displaced", "the wrong patient", NOW),
    "undo its completion, its day over": lambda visit: visit.undo_completion("cancelled", "the wrong patient", NOW),
    "miss": lambda visit: visit.miss(NOW),
    "cancel": lambda visit: visit.cancel("a cold", "patient"),
    "cancel at the desk": lambda visit: visit.cancel("a cold", "desk"),
    "expire": Appointment.expire,
    "displace": lambda visit: visit.displace(NOW, "holiday"),
    "ask for another": ask_for_another,
    "agree on another": agree_on_another,
}
ALLOWED = {
    ("accept", "requested"): "booked",
    ("reject", "requested"): "rejected",
    ("arrive", "booked"): "arrived",
    ("arrive", "no_show"): "arrived",
    ("start", "booked"): "in_progress",
    ("start", "arrived"): "in_progress",
    ("complete", "in_progress"): "fulfilled",
    ("undo its completion", "fulfilled"): "booked",
    ("undo its completion, its time taken", "fulfilled"): "displaced",
    ("undo its completion, its day over", "fulfilled"): "cancelled",
    ("miss", "booked"): "no_show",
    **{("cancel", before): "cancelled" for before in ("requested", "booked", "displaced")},
    **{("cancel at the desk", before): "cancelled" for before in (*ACTIVE, "displaced")},
    **{("expire", before): "expired" for before in ("requested", "displaced")},
    **{("displace", before): "displaced" for before in ("requested", "booked", "arrived")},
    **{("ask for another", before): "requested" for before in ("requested", "booked", "displaced")},
    **{("agree on another", before): "booked" for before in ("requested", "booked", "displaced")},
}
"""The diagram of the domain, and what a displaced visit may still become."""


def visit(status: str, **fields: object) -> Appointment:
    return Appointment(**{"status": status, "revision": 3, "starts_at": NOW, "ends_at": NOW + HOUR, **fields})


@pytest.mark.parametrize(("move", "status"), ALLOWED)
def test_an_allowed_move_changes_the_state_and_counts(move: str, status: str) -> None:
    one = visit(status)
    MOVES[move](one)
    assert (one.status, one.revision) == (ALLOWED[move, status], 4)


@pytest.mark.parametrize(
    ("move", "status"), [(m, s) for m in MOVES for s in AppointmentStatus if (m, s) not in ALLOWED]
)
def test_any_other_move_is_refused_and_changes_nothing(move: str, status: str) -> None:
    one = visit(status)
    with pytest.raises(Conflict) as refused:
        MOVES[move](one)
    assert refused.value.facts == {"state": status}
    assert (one.status, one.revision, one.starts_at, one.status_reason) == (status, 3, NOW, None)


@pytest.mark.parametrize("status", AppointmentStatus)
def test_only_a_visit_that_is_still_to_be_kept_goes_to_another_doctor(status: str) -> None:
    one, other = visit(status), uuid7()
    if status in ACTIVE:
        one.hand_over(other)
        assert (one.doctor_id, one.status, one.revision) == (other, status, 4)
        return
    with pytest.raises(Conflict):
        one.hand_over(other)


@pytest.mark.parametrize(("move", "before"), [("reject", "requested"), ("cancel", "booked"), ("displace", "booked")])
def test_the_reason_of_a_state_is_kept_until_the_next_one(move: str, before: str) -> None:
    one = visit(before)
    MOVES[move](one)
    assert one.status_reason in ("holiday", "a cold")


@pytest.mark.parametrize(("move", "status"), [("arrive", "arrived"), ("start", "in_progress")])
def test_visit_begins_at_most_24_hours_before_its_time(move: str, status: str) -> None:
    one = visit("booked", starts_at=NOW + 24 * HOUR)
    with pytest.raises(Conflict) as refused:
        getattr(one, move)(NOW - timedelta(seconds=1))
    assert (refused.value.code, one.status) == ("too_early", "booked")
    assert "reschedule it first" in refused.value.detail
    getattr(one, move)(NOW)
    assert one.status == status


def test_who_was_marked_as_missing_may_come_until_24_hours_after_the_visit() -> None:
    one = visit("no_show")
    with pytest.raises(Conflict) as refused:
        one.arrive(one.ends_at + timedelta(hours=24, seconds=1))
    assert (refused.value.code, one.status) == ("too_late", "no_show")
    one.arrive(one.ends_at + timedelta(hours=24))
    assert one.status == "arrived"


def test_a_request_is_not_accepted_when_it_should_have_begun() -> None:
    one = visit("requested")
    with pytest.raises(Conflict) as refused:
        one.accept(NOW)
    assert (refused.value.code, one.status) == ("too_late", "requested")
    one.accept(NOW - timedelta(seconds=1))
    assert one.status == "booked"


def test_a_request_is_not_accepted_after_48_hours() -> None:
    one = visit("requested", starts_at=NOW + 100 * HOUR, requested_at=NOW)
    with pytest.raises(Conflict) as refused:
        one.accept(NOW + 48 * HOUR)
    assert (refused.value.code, one.status) == ("too_late", "requested")
    one.accept(NOW + 48 * HOUR - timedelta(seconds=1))
    assert one.status == "booked"


@pytest.mark.parametrize("move", ["reject", "cancel", "expire"])
def test_a_request_that_comes_to_nothing_has_no_first_call_any_more(move: str) -> None:
    one = visit("requested", first_call=True)
    MOVES[move](one)
    assert one.first_call is False


def test_nobody_has_missed_a_visit_that_has_not_begun() -> None:
    one = visit("booked")
    with pytest.raises(Conflict) as refused:
        one.miss(NOW - timedelta(seconds=1))
    assert refused.value.code == "too_early"
    assert one.status == "booked"


def test_a_displaced_visit_has_first_call_until_it_is_booked_again() -> None:
    one = visit("booked", first_call=False)
    one.displace(NOW, "holiday")
    assert (one.first_call, one.displaced_at) == (True, NOW)
    ask_for_another(one)
    assert (one.first_call, one.displaced_at, one.status_reason, one.requested_at) == (True, None, None, NOW)
    one.accept(NOW)
    assert not one.first_call


def test_a_displaced_visit_that_is_booked_at_once_has_no_first_call_any_more() -> None:
    one = visit("displaced", first_call=True)
    agree_on_another(one)
    assert (one.first_call, one.requested_at) == (False, None)


def test_a_visit_that_moves_is_where_its_new_slot_is_and_shares_it_with_nobody() -> None:
    one = visit("booked", place="Room 1", overbooked=True, overbook_reason="an emergency")
    agree_on_another(one)
    assert Slot(one.starts_at, one.ends_at, one.place) == SLOT
    assert (one.overbooked, one.overbook_reason) == (False, None)


def test_an_agreed_visit_is_near_when_it_begins_within_24_hours() -> None:
    assert [visit("booked").is_late(NOW - before * HOUR) for before in (24, 23.9)] == [False, True]


@pytest.mark.parametrize("status", ["requested", "displaced"])
def test_a_visit_that_is_not_agreed_is_never_too_near(status: str) -> None:
    assert not visit(status).is_late(NOW)
