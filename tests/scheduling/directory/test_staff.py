"""Who of the staff works here: copies of what auth says, in whatever order it is heard."""

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
from tests.scheduling.factories import heard, patient
from tests.scheduling.rota import change, colleague, nurse, shift, task

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
"""What auth says of one person, in its order."""


def tell(session: Session, user_id: UUID, sequence: int) -> None:
    """Hear one line of the story, of which the first has the number 1."""
    actor, (what, _space, more) = heard(session, sequence), STORY[sequence - 1].partition(" ")
    if more == "approved":
        staff.remember(session, actor, example_of(StaffApproved, user_id=user_id, role=what))
    elif more == "revoked":
        handlers.on_role_revoked(session, actor, example_of(RoleRevoked, user_id=user_id, role=what))
    elif what == "deactivated":
        handlers.on_user_deactivated(session, actor, example_of(UserDeactivated, user_id=user_id))
    else:
        handlers.on_user_erased(session, actor, example_of(UserErased, user_id=user_id, reassign_to=None))


def works_here(session: Session, user_id: UUID) -> bool:
    """Whether somebody can be given work."""
    try:
        staff.must_work_here(session, user_id)
    except NotFound:
        return False
    return True


def after(line: int) -> bool:
    """Whether somebody works here after so many lines, by the rule: the last word about the staff wins."""
    said = [one for one in STORY[:line] if one != "doctor revoked"]
    return said[-1].endswith("approved")


@pytest.mark.parametrize("length", range(1, len(STORY) + 1))
def test_somebody_works_here_until_auth_says_otherwise(session: Session, length: int) -> None:
    who = uuid7()
    for sequence in range(1, length + 1):
        tell(session, who, sequence)
    assert works_here(session, who) == after(length)


def shares_a_role(session: Session, user_id: UUID, role: str) -> bool:
    """Whether somebody may do the work of one who has just this role."""
    other = colleague(session, role)
    try:
        staff.must_share_a_role(session, user_id, other.person)
    except (NotFound, Conflict):
        return False
    return True


def role_after(line: int) -> set[str]:
    """The roles of somebody after so many lines: those that auth has named since one was taken last."""
    roles = set[str]()
    for what, _space, more in (one.partition(" ") for one in STORY[:line] if one != "doctor revoked"):
        roles = roles | {what} if more == "approved" else set()
    return roles


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(order=st.permutations(range(1, len(STORY) + 1)), length=st.integers(1, len(STORY)))
def test_what_somebody_is_follows_from_the_last_words_in_whatever_order_they_come(
    session: Session, order: list[int], length: int
) -> None:
    who = uuid7()
    for sequence in (one for one in order if one <= length):
        tell(session, who, sequence)
    for role in ("nurse", "pharmacist", "receptionist"):
        assert shares_a_role(session, who, role) == (role in role_after(length))


def test_who_has_a_role_more_shares_the_one_that_both_have(session: Session) -> None:
    one, other = colleague(session, "nurse", "pharmacist"), colleague(session, "nurse")
    staff.must_share_a_role(session, one.person, other.person)
    with pytest.raises(Conflict) as refusal:
        staff.must_share_a_role(session, other.person, colleague(session, "pharmacist").person)
    assert refusal.value.code == "other_role"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(order=st.permutations([*range(1, len(STORY) + 1)] * 2), length=st.integers(1, len(STORY)))
def test_the_last_word_wins_in_whatever_order_and_however_often_events_come(
    session: Session, order: list[int], length: int
) -> None:
    who = uuid7()
    for sequence in (one for one in order if one <= length):
        tell(session, who, sequence)
    assert works_here(session, who) == after(length)


@pytest.mark.parametrize("role", ["patient", "doctor", "admin"])
def test_other_roles_make_nobody_staff(session: Session, role: str) -> None:
    who = uuid7()
    staff.remember(session, heard(session), example_of(StaffApproved, user_id=who, role=role))
    assert not works_here(session, who)


def test_whom_nobody_has_told_of_does_not_work_here(session: Session) -> None:
    assert not works_here(session, uuid7())


def test_who_gives_work_waits_for_word_of_whom_nobody_has_told(session: Session) -> None:
    who = uuid7()
    for give in (shift, task):
        with pytest.raises(NotYet):
            give(session, patient(who))
    made = shift(session, nurse(session))
    with pytest.raises(NotYet):
        change(session, made, person_id=who)
    staff.remember(session, heard(session), example_of(StaffApproved, user_id=who, role="nurse"))
    assert shift(session, who)["person_id"] == who


def test_work_waits_for_a_former_colleague_who_may_be_back(session: Session) -> None:
    who = colleague(session, "nurse")
    staff.suspend(session, heard(session, 2), user_id=who.person)
    with pytest.raises(NotYet):
        staff.must_work_here(session, who.person)


def test_who_asks_for_a_swap_does_not_wait_for_a_colleague_whom_nobody_knows(session: Session) -> None:
    with pytest.raises(NotFound) as refused:
        staff.must_share_a_role(session, colleague(session, "nurse").person, uuid7())
    assert type(refused.value) is NotFound


@pytest.mark.parametrize("line", ["deactivated", "erased"])
def test_what_is_said_of_anybody_is_remembered_of_doctors_and_staff(session: Session, line: str) -> None:
    who = uuid7()
    tell(session, who, STORY.index(line) + 1)
    assert session.execute(select(Doctor.is_active).where(Doctor.id == who)).scalar_one() is False
    assert session.execute(select(StaffRole.role).where(StaffRole.person_id == who)).scalar_one() == LEFT
