"""The directory of staff, a copy of roles from auth. Events may arrive in any order."""

from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotFound, NotYet
from chassis.persistence.database import Session
from contracts.auth.events import RoleRevoked, StaffApproved, UserDeactivated, UserErased
from services.scheduling import handlers
from services.scheduling.directory import staff
from services.scheduling.models.directory import LEFT, Doctor, StaffRole
from tests.events import example_of
from tests.scheduling.departures import suspend_staff
from tests.scheduling.factories import event_actor, make_patient
from tests.scheduling.staff_factories import add_nurse, add_staff, assign_shift, change_shift, give_task

STORY = (
    "nurse approved",
    "pharmacist approved",
    "nurse revoked",
    "pharmacist approved",
    "doctor revoked",
    "deactivated",
    "pharmacist approved",
    "pharmacist revoked",
    "receptionist approved",
    "erased",
)
"""Events of auth about one person, in order."""


def handle_line(session: Session, user_id: UUID, sequence: int) -> None:
    """Handle the event with this number. Numbers begin at 1."""
    actor, (what, _space, more) = event_actor(session, sequence), STORY[sequence - 1].partition(" ")
    if more == "approved":
        staff.on_staff_approved(session, actor, example_of(StaffApproved, user_id=user_id, role=what))
    elif more == "revoked":
        handlers.on_role_revoked(session, actor, example_of(RoleRevoked, user_id=user_id, role=what))
    elif what == "deactivated":
        handlers.on_user_deactivated(session, actor, example_of(UserDeactivated, user_id=user_id))
    else:
        handlers.on_user_erased(session, actor, example_of(UserErased, user_id=user_id, reassign_to=None))


def works_here(session: Session, user_id: UUID) -> bool:
    """Whether scheduling accepts work for a person."""
    try:
        staff.must_work_here(session, user_id)
    except NotFound:
        return False
    return True


def works_after(line: int) -> bool:
    """Whether the person works here after this number of events. The last event about staff decides."""
    lines = [each for each in STORY[:line] if each != "doctor revoked"]
    return lines[-1].endswith("approved")


@pytest.mark.parametrize("length", range(1, len(STORY) + 1))
def test_person_works_here_according_to_the_last_event(session: Session, length: int) -> None:
    user_id = uuid7()
    for sequence in range(1, length + 1):
        handle_line(session, user_id, sequence)
    assert works_here(session, user_id) == works_after(length)


def shares_a_role(session: Session, user_id: UUID, role: str) -> bool:
    """Whether a person shares this role with a colleague."""
    other = add_staff(session, role)
    try:
        staff.must_share_a_role(session, user_id, other.person)
    except (NotFound, Conflict):
        return False
    return True


def roles_after(line: int) -> set[str]:
    """The roles after this number of events: those approved since the last revocation."""
    roles = set[str]()
    for what, _space, more in (each.partition(" ") for each in STORY[:line] if each != "doctor revoked"):
        roles = roles | {what} if more == "approved" else set()
    return roles


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(order=st.permutations(range(1, len(STORY) + 1)), length=st.integers(1, len(STORY)))
def test_roles_follow_the_newest_events_in_any_order(session: Session, order: list[int], length: int) -> None:
    user_id = uuid7()
    for sequence in (number for number in order if number <= length):
        handle_line(session, user_id, sequence)
    for role in ("nurse", "pharmacist", "receptionist"):
        assert shares_a_role(session, user_id, role) == (role in roles_after(length))


def test_role_check_passes_when_one_of_several_roles_is_shared(session: Session) -> None:
    first, other = add_staff(session, "nurse", "pharmacist"), add_staff(session, "nurse")
    staff.must_share_a_role(session, first.person, other.person)
    with pytest.raises(Conflict) as refusal:
        staff.must_share_a_role(session, other.person, add_staff(session, "pharmacist").person)
    assert refusal.value.code == "other_role"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(order=st.permutations([*range(1, len(STORY) + 1)] * 2), length=st.integers(1, len(STORY)))
def test_person_follows_the_newest_event_in_any_order_with_repeats(
    session: Session, order: list[int], length: int
) -> None:
    user_id = uuid7()
    for sequence in (number for number in order if number <= length):
        handle_line(session, user_id, sequence)
    assert works_here(session, user_id) == works_after(length)


@pytest.mark.parametrize("role", ["patient", "doctor", "admin"])
def test_person_is_no_staff_with_another_role(session: Session, role: str) -> None:
    user_id = uuid7()
    staff.on_staff_approved(session, event_actor(session), example_of(StaffApproved, user_id=user_id, role=role))
    assert not works_here(session, user_id)


def test_unknown_person_does_not_work_here(session: Session) -> None:
    assert not works_here(session, uuid7())


def test_unknown_person_is_answered_with_not_yet_when_given_work(session: Session) -> None:
    user_id = uuid7()
    for give in (assign_shift, give_task):
        with pytest.raises(NotYet):
            give(session, make_patient(user_id))
    shift = assign_shift(session, add_nurse(session))
    with pytest.raises(NotYet):
        change_shift(session, shift, person_id=user_id)
    staff.on_staff_approved(session, event_actor(session), example_of(StaffApproved, user_id=user_id, role="nurse"))
    assert assign_shift(session, user_id)["person_id"] == user_id


def test_former_colleague_is_answered_with_not_yet(session: Session) -> None:
    former = add_staff(session, "nurse")
    suspend_staff(session, former)
    with pytest.raises(NotYet):
        staff.must_work_here(session, former.person)


def test_unknown_colleague_of_a_swap_is_answered_with_not_found(session: Session) -> None:
    with pytest.raises(NotFound) as refused:
        staff.must_share_a_role(session, add_staff(session, "nurse").person, uuid7())
    assert type(refused.value) is NotFound


@pytest.mark.parametrize("line", ["deactivated", "erased"])
def test_departure_of_an_unknown_person_is_stored_for_doctors_and_staff(session: Session, line: str) -> None:
    user_id = uuid7()
    handle_line(session, user_id, STORY.index(line) + 1)
    assert session.execute(select(Doctor.is_active).where(Doctor.id == user_id)).scalar_one() is False
    assert session.execute(select(StaffRole.role).where(StaffRole.person_id == user_id)).scalar_one() == LEFT
