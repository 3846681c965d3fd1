"""The state changes of an appointment."""

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


def request_another_slot(visit: Appointment) -> None:
    visit.reschedule(visit.doctor_id, SLOT, None)
    visit.ask(NOW)


def book_another_slot(visit: Appointment) -> None:
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
    "ask for another": request_another_slot,
    "agree on another": book_another_slot,
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
"""The new status of each allowed change, by change and former status."""


def make_visit(status: str, **fields: object) -> Appointment:
    return Appointment(**{"status": status, "revision": 3, "starts_at": NOW, "ends_at": NOW + HOUR, **fields})


@pytest.mark.parametrize(("move", "status"), ALLOWED)
def test_allowed_move_changes_status_and_revision(move: str, status: str) -> None:
    visit = make_visit(status)
    MOVES[move](visit)
    assert (visit.status, visit.revision) == (ALLOWED[move, status], 4)


@pytest.mark.parametrize(
    ("move", "status"), [(m, s) for m in MOVES for s in AppointmentStatus if (m, s) not in ALLOWED]
)
def test_other_move_is_refused_and_changes_nothing(move: str, status: str) -> None:
    visit = make_visit(status)
    with pytest.raises(Conflict) as refused:
        MOVES[move](visit)
    assert refused.value.facts == {"state": status}
    assert (visit.status, visit.revision, visit.starts_at, visit.status_reason) == (status, 3, NOW, None)


@pytest.mark.parametrize("status", AppointmentStatus)
def test_handover_is_allowed_only_for_active_visits(status: str) -> None:
    visit, other = make_visit(status), uuid7()
    if status in ACTIVE:
        visit.hand_over(other)
        assert (visit.doctor_id, visit.status, visit.revision) == (other, status, 4)
        return
    with pytest.raises(Conflict):
        visit.hand_over(other)


@pytest.mark.parametrize(("move", "before"), [("reject", "requested"), ("cancel", "booked"), ("displace", "booked")])
def test_status_reason_is_stored_with_the_status(move: str, before: str) -> None:
    visit = make_visit(before)
    MOVES[move](visit)
    assert visit.status_reason in ("holiday", "a cold")


@pytest.mark.parametrize(("move", "status"), [("arrive", "arrived"), ("start", "in_progress")])
def test_visit_begins_at_most_24_hours_before_its_time(move: str, status: str) -> None:
    visit = make_visit("booked", starts_at=NOW + 24 * HOUR)
    with pytest.raises(Conflict) as refused:
        getattr(visit, move)(NOW - timedelta(seconds=1))
    assert (refused.value.code, visit.status) == ("too_early", "booked")
    assert "reschedule it first" in refused.value.detail
    getattr(visit, move)(NOW)
    assert visit.status == status


def test_late_arrival_is_refused_24_hours_after_the_visit() -> None:
    visit = make_visit("no_show")
    with pytest.raises(Conflict) as refused:
        visit.arrive(visit.ends_at + timedelta(hours=24, seconds=1))
    assert (refused.value.code, visit.status) == ("too_late", "no_show")
    visit.arrive(visit.ends_at + timedelta(hours=24))
    assert visit.status == "arrived"


def test_accepting_is_refused_from_the_start_of_the_visit_on() -> None:
    visit = make_visit("requested")
    with pytest.raises(Conflict) as refused:
        visit.accept(NOW)
    assert (refused.value.code, visit.status) == ("too_late", "requested")
    visit.accept(NOW - timedelta(seconds=1))
    assert visit.status == "booked"


def test_accepting_is_refused_48_hours_after_the_request() -> None:
    visit = make_visit("requested", starts_at=NOW + 100 * HOUR, requested_at=NOW)
    with pytest.raises(Conflict) as refused:
        visit.accept(NOW + 48 * HOUR)
    assert (refused.value.code, visit.status) == ("too_late", "requested")
    visit.accept(NOW + 48 * HOUR - timedelta(seconds=1))
    assert visit.status == "booked"


@pytest.mark.parametrize("move", ["reject", "cancel", "expire"])
def test_first_call_is_removed_when_a_request_ends(move: str) -> None:
    visit = make_visit("requested", first_call=True)
    MOVES[move](visit)
    assert visit.first_call is False


def test_missing_is_refused_before_the_start_of_the_visit() -> None:
    visit = make_visit("booked")
    with pytest.raises(Conflict) as refused:
        visit.miss(NOW - timedelta(seconds=1))
    assert refused.value.code == "too_early"
    assert visit.status == "booked"


def test_displaced_visit_has_first_call_until_it_is_booked_again() -> None:
    visit = make_visit("booked", first_call=False)
    visit.displace(NOW, "holiday")
    assert (visit.first_call, visit.displaced_at) == (True, NOW)
    request_another_slot(visit)
    assert (visit.first_call, visit.displaced_at, visit.status_reason, visit.requested_at) == (True, None, None, NOW)
    visit.accept(NOW)
    assert not visit.first_call


def test_first_call_is_removed_when_a_displaced_visit_is_booked() -> None:
    visit = make_visit("displaced", first_call=True)
    book_another_slot(visit)
    assert (visit.first_call, visit.requested_at) == (False, None)


def test_rescheduled_visit_takes_its_new_slot_and_is_not_overbooked() -> None:
    visit = make_visit("booked", place="Room 1", overbooked=True, overbook_reason="an emergency")
    book_another_slot(visit)
    assert Slot(visit.starts_at, visit.ends_at, visit.place) == SLOT
    assert (visit.overbooked, visit.overbook_reason) == (False, None)


def test_booked_visit_is_late_within_24_hours_of_its_start() -> None:
    assert [make_visit("booked").is_late(NOW - before * HOUR) for before in (24, 23.9)] == [False, True]


@pytest.mark.parametrize("status", ["requested", "displaced"])
def test_visit_that_is_not_booked_is_never_late(status: str) -> None:
    assert not make_visit(status).is_late(NOW)
