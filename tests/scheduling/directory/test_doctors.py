"""The directory: copies of what auth says, which stale events never spoil."""

import random
from uuid import UUID

import eventlet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import NotFound, NotYet
from chassis.persistence.database import Database, Session
from contracts.auth.events import DoctorApproved, RoleRevoked, UserErased
from contracts.scheduling.availability import GetDoctor, ListDoctors, ListSlots
from contracts.scheduling.directory import DoctorView
from services.scheduling import handlers
from services.scheduling.availability import slots
from services.scheduling.directory import doctors
from services.scheduling.models.directory import Doctor
from tests.events import example_of
from tests.perform import perform
from tests.scheduling.factories import at, book, doctor, free, heard, in_transaction, patient, together, visits_of


def listed(session: Session, **fields: object) -> list[tuple[str, str]]:
    """Name and specialization of the doctors in the directory."""
    given = {"name": None, "specialization": None, "limit": 100, "cursor": None, **fields}
    page = doctors.listing(session, patient(), ListDoctors(**given))  # type: ignore[arg-type]
    return [(row.name, row.specialization) for row in page.items]


def remember(session: Session, sequence: int, name: str, specialization: str = "cardiology", **fields: object) -> None:
    """Hear that a doctor was approved."""
    given = {"doctor_id": uuid7(), "name": name, "specialization": specialization, **fields}
    doctors.remember(session, heard(session, sequence), example_of(DoctorApproved, **given))  # type: ignore[arg-type]


def test_an_approved_doctor_is_in_the_directory(session: Session) -> None:
    remember(session, 1, "Dr Weiss")
    assert listed(session) == [("Dr Weiss", "cardiology")]


def test_the_directory_is_by_name(session: Session) -> None:
    for name in ("Dr Chen", "Dr Adams", "Dr Baker"):
        remember(session, 1, name)
    assert [name for name, _ in listed(session)] == ["Dr Adams", "Dr Baker", "Dr Chen"]


def test_the_directory_may_be_of_one_specialization(session: Session) -> None:
    remember(session, 1, "Dr Weiss")
    remember(session, 2, "Dr Chen", "dermatology")
    for written in ("dermatology", "Dermatology"):
        assert listed(session, specialization=written) == [("Dr Chen", "dermatology")]
    assert listed(session, specialization="derma") == []


def test_the_directory_may_be_of_certain_doctors_and_what_else_is_asked_counts_too(session: Session) -> None:
    ids = {name: uuid7() for name in ("Dr Chen", "Dr Adams", "Dr Baker")}
    for sequence, (name, doctor_id) in enumerate(ids.items(), 1):
        remember(session, sequence, name, doctor_id=doctor_id)
    wanted = [ids["Dr Chen"], ids["Dr Adams"], ids["Dr Chen"], uuid7()]
    assert [name for name, _ in listed(session, ids=wanted)] == ["Dr Adams", "Dr Chen"]
    assert [name for name, _ in listed(session, ids=wanted, name="chen")] == ["Dr Chen"]
    doctors.suspend(session, heard(session, 9), user_id=ids["Dr Chen"])
    assert [name for name, _ in listed(session, ids=wanted)] == ["Dr Adams"]


@pytest.mark.parametrize(("name", "found"), [("wei", 1), ("DR W", 1), ("Lena", 0), ("%", 0), ("_", 0), ("r", 2)])
def test_the_directory_is_searched_by_any_part_of_a_name(session: Session, name: str, found: int) -> None:
    remember(session, 1, "Dr Weiss")
    remember(session, 2, "Dr Chen")
    assert len(listed(session, name=name)) == found


def test_one_doctor_is_read_by_anybody_and_who_has_left_by_nobody(session: Session) -> None:
    doctor_id = uuid7()
    tell(session, doctor_id, 1)
    shown = DoctorView.dump_one(doctors.get(session, patient(), GetDoctor(doctor_id=doctor_id)))
    assert shown == {"id": doctor_id, "name": "Dr 1", "specialization": "cardiology"}
    doctors.suspend(session, heard(session, 9), user_id=doctor_id)
    for unknown in (doctor_id, uuid7()):
        with pytest.raises(NotFound):
            doctors.get(session, patient(), GetDoctor(doctor_id=unknown))


@pytest.mark.parametrize("role", ["admin", "receptionist"])
def test_desk_and_doctor_wait_for_an_approval_that_may_be_on_its_way(session: Session, role: str) -> None:
    doctor_id, desk = uuid7(), patient(None, role)
    with pytest.raises(NotYet):
        doctors.get(session, desk, GetDoctor(doctor_id=doctor_id))
    with pytest.raises(NotYet):
        slots.listing(session, desk, ListSlots(doctor_id=doctor_id))
    with pytest.raises(NotYet):
        doctors.get(session, patient(doctor_id, "doctor"), GetDoctor(doctor_id=doctor_id))
    doctors.suspend(session, heard(session), user_id=doctor_id)  # An admin may have approved the doctor again.
    with pytest.raises(NotYet):
        doctors.get(session, desk, GetDoctor(doctor_id=doctor_id))


def test_others_do_not_wait_for_a_doctor_who_is_not_in_the_directory(session: Session) -> None:
    for use_case in (doctors.get, slots.listing):
        with pytest.raises(NotFound) as refused:
            perform(use_case, session, patient(), doctor_id=uuid7())
        assert type(refused.value) is NotFound


def test_a_newer_event_wins(session: Session) -> None:
    doctor_id = uuid7()
    remember(session, 1, "Dr Weiss", doctor_id=doctor_id)
    remember(session, 2, "Dr Weiss-Rao", doctor_id=doctor_id)
    assert listed(session) == [("Dr Weiss-Rao", "cardiology")]


@pytest.mark.parametrize("late", [1, 2])
def test_a_stale_event_never_wins(session: Session, late: int) -> None:
    doctor_id = uuid7()
    remember(session, 2, "Dr Weiss-Rao", doctor_id=doctor_id)
    remember(session, late, "Dr Weiss", doctor_id=doctor_id)
    assert listed(session) == [("Dr Weiss-Rao", "cardiology")]


def test_the_newest_of_many_events_at_once_wins(fresh: Database) -> None:
    doctor_id, order = uuid7(), list(range(1, 13))
    random.shuffle(order)

    def work(sequence: int) -> None:
        def take(session: Session) -> None:
            eventlet.sleep(0)
            remember(session, sequence, f"Dr {sequence}", doctor_id=doctor_id)

        in_transaction(fresh, take)

    together(*[lambda sequence=sequence: work(sequence) for sequence in order])
    with fresh.read() as session:
        assert listed(session) == [("Dr 12", "cardiology")]


STORY = ("approved", "deactivated", "approved", "nurse no more", "doctor no more", "approved", "erased")
"""What auth says of one person, in its order."""


def tell(session: Session, doctor_id: UUID, sequence: int) -> None:
    """Hear one line of the story, of which the first has the number 1."""
    actor, line = heard(session, sequence), STORY[sequence - 1]
    if line == "approved":
        remember(session, sequence, f"Dr {sequence}", doctor_id=doctor_id)
    elif line == "deactivated":
        doctors.suspend(session, actor, user_id=doctor_id)
    elif line == "erased":
        handlers.on_user_erased(session, actor, example_of(UserErased, user_id=doctor_id, reassign_to=None))
    else:
        handlers.on_role_revoked(
            session, actor, example_of(RoleRevoked, user_id=doctor_id, role=line.partition(" ")[0])
        )


def known(session: Session, doctor_id: UUID) -> tuple[str, str, bool]:
    """All that is known of a doctor."""
    row = session.execute(select(Doctor.name, Doctor.specialization, Doctor.is_active).where(Doctor.id == doctor_id))
    name, specialization, is_active = row.one()
    return name, specialization, is_active


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(order=st.permutations([*range(1, len(STORY) + 1)] * 2), length=st.integers(1, len(STORY)))
def test_a_doctor_is_what_the_last_event_says_in_whatever_order_and_however_often_they_come(
    session: Session, order: list[int], length: int
) -> None:
    shuffled, in_order = uuid7(), uuid7()
    for sequence in (one for one in order if one <= length):
        tell(session, shuffled, sequence)
    for sequence in range(1, length + 1):
        tell(session, in_order, sequence)
    assert known(session, shuffled) == known(session, in_order)


@pytest.mark.parametrize("line", ["deactivated", "doctor no more", "erased"])
def test_who_has_left_is_not_in_the_directory_and_keeps_no_name(session: Session, line: str) -> None:
    doctor_id = uuid7()
    tell(session, doctor_id, 1)
    tell(session, doctor_id, STORY.index(line) + 1)
    assert listed(session) == []
    assert known(session, doctor_id) == ("", "", False)


def test_a_doctor_who_loses_another_role_stays(session: Session) -> None:
    doctor_id = uuid7()
    tell(session, doctor_id, 1)
    tell(session, doctor_id, STORY.index("nurse no more") + 1)
    assert listed(session) == [("Dr 1", "cardiology")]


def test_a_doctor_who_has_left_has_no_slots_and_cannot_be_booked(session: Session) -> None:
    who = doctor(session)
    doctors.suspend(session, heard(session, 2), user_id=who.person)
    with pytest.raises(NotFound):
        free(session, who, at(hour=0), at(days=3, hour=0))
    with pytest.raises(NotFound):
        book(session, who)


def test_a_doctor_who_is_approved_again_has_the_same_hours(session: Session) -> None:
    who = doctor(session)
    before = free(session, who, at(hour=0), at(days=3, hour=0))
    doctors.suspend(session, heard(session, 2), user_id=who.person)
    remember(session, 3, "Dr Weiss", doctor_id=who.person)
    assert free(session, who, at(hour=0), at(days=3, hour=0)) == before


def test_visits_of_a_doctor_who_is_only_deactivated_stay(session: Session) -> None:
    who = doctor(session)
    visit = book(session, who)
    doctors.suspend(session, heard(session, 2), user_id=who.person)
    assert visits_of(session, who) == [visit["id"]]
