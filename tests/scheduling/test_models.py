"""The moves that an appointment may make."""

from collections.abc import Callable

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict
from services.scheduling.models import WAITING, Appointment

ACCEPT, START, COMPLETE, DISPLACE = Appointment.accept, Appointment.start, Appointment.complete, Appointment.displace
ALLOWED = {
    (ACCEPT, "requested"): "booked",
    (START, "booked"): "in_progress",
    (START, "arrived"): "in_progress",
    (COMPLETE, "in_progress"): "fulfilled",
    (DISPLACE, "requested"): "displaced",
    (DISPLACE, "booked"): "displaced",
    (DISPLACE, "arrived"): "displaced",
}
STATES = ("requested", "booked", "arrived", "in_progress", "fulfilled", "rejected", "expired", "cancelled", "no_show")
Move = Callable[[Appointment], None]


def visit(status: str) -> Appointment:
    return Appointment(status=status, revision=3)


@pytest.mark.parametrize(("move", "status"), ALLOWED, ids=lambda one: getattr(one, "__name__", one))
def test_an_allowed_move_changes_the_state_and_counts(move: Move, status: str) -> None:
    one = visit(status)
    move(one)
    assert (one.status, one.revision) == (ALLOWED[move, status], 4)


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("move", [ACCEPT, START, COMPLETE, DISPLACE], ids=lambda one: one.__name__)
def test_any_other_move_is_refused_and_changes_nothing(move: Move, status: str) -> None:
    if (move, status) in ALLOWED:
        return
    one = visit(status)
    with pytest.raises(Conflict) as refused:
        move(one)
    assert refused.value.facts == {"state": status}
    assert (one.status, one.revision) == (status, 3)


@pytest.mark.parametrize("status", STATES)
def test_only_a_visit_that_has_still_to_begin_goes_to_another_doctor(status: str) -> None:
    one, other = visit(status), uuid7()
    if status in WAITING:
        one.hand_over(other)
        assert (one.doctor_id, one.status, one.revision) == (other, status, 4)
        return
    with pytest.raises(Conflict):
        one.hand_over(other)
