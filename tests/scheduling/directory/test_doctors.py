"""The directory of doctors, a copy of facts from auth. Stale events change nothing."""

import random
from collections.abc import Callable
from typing import Any
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
from contracts.scheduling.availability import GetDoctor, ListDoctors
from contracts.scheduling.directory import DoctorView
from services.scheduling import handlers
from services.scheduling.availability import slots
from services.scheduling.directory import doctors
from services.scheduling.models.directory import Doctor
from tests.events import example_of
from tests.perform import perform
from tests.scheduling.concurrency import in_transaction, run_at_once
from tests.scheduling.departures import add_suspended_doctor, suspend_doctor
from tests.scheduling.factories import (
    add_doctor,
    at,
    book,
    event_actor,
    free_slots,
    make_patient,
    make_user,
    own_visit_ids,
)


def listed_doctors(session: Session, **fields: object) -> list[tuple[str, str]]:
    """Name and specialization of the doctors in the directory."""
    given = {"name": None, "specialization": None, "limit": 100, "cursor": None, **fields}
    page = doctors.listing(session, make_patient(), ListDoctors(**given))  # type: ignore[arg-type]
    return [(row.name, row.specialization) for row in page.items]


def approve(session: Session, sequence: int, name: str, specialization: str = "cardiology", **fields: object) -> None:
    """Handle the event that auth approved a doctor."""
    given = {"doctor_id": uuid7(), "name": name, "specialization": specialization, **fields}
    doctors.on_doctor_approved(session, event_actor(session, sequence), example_of(DoctorApproved, **given))  # type: ignore[arg-type]


def test_directory_lists_an_approved_doctor(session: Session) -> None:
    approve(session, 1, "Dr Weiss")
    assert listed_doctors(session) == [("Dr Weiss", "cardiology")]


def test_directory_is_sorted_by_name(session: Session) -> None:
    for name in ("Dr Chen", "Dr Adams", "Dr Baker"):
        approve(session, 1, name)
    assert [name for name, _ in listed_doctors(session)] == ["Dr Adams", "Dr Baker", "Dr Chen"]


def test_directory_is_filtered_by_specialization(session: Session) -> None:
    approve(session, 1, "Dr Weiss")
    approve(session, 2, "Dr Chen", "dermatology")
    for written in ("dermatology", "Dermatology"):
        assert listed_doctors(session, specialization=written) == [("Dr Chen", "dermatology")]
    assert listed_doctors(session, specialization="derma") == []


def test_directory_is_filtered_by_ids_and_name_together(session: Session) -> None:
    ids = {name: uuid7() for name in ("Dr Chen", "Dr Adams", "Dr Baker")}
    for sequence, (name, doctor_id) in enumerate(ids.items(), 1):
        approve(session, sequence, name, doctor_id=doctor_id)
    wanted = [ids["Dr Chen"], ids["Dr Adams"], ids["Dr Chen"], uuid7()]
    assert [name for name, _ in listed_doctors(session, ids=wanted)] == ["Dr Adams", "Dr Chen"]
    assert [name for name, _ in listed_doctors(session, ids=wanted, name="chen")] == ["Dr Chen"]
    doctors.suspend(session, event_actor(session, 9), user_id=ids["Dr Chen"])
    assert [name for name, _ in listed_doctors(session, ids=wanted)] == ["Dr Adams"]


@pytest.mark.parametrize(("name", "count"), [("wei", 1), ("DR W", 1), ("Lena", 0), ("%", 0), ("_", 0), ("r", 2)])
def test_directory_is_searched_by_any_part_of_a_name(session: Session, name: str, count: int) -> None:
    approve(session, 1, "Dr Weiss")
    approve(session, 2, "Dr Chen")
    assert len(listed_doctors(session, name=name)) == count


def test_doctor_is_read_by_a_patient(session: Session) -> None:
    doctor_id = uuid7()
    handle_line(session, doctor_id, 1)
    shown = DoctorView.dump_one(doctors.get(session, make_patient(), GetDoctor(doctor_id=doctor_id)))
    assert shown == {"id": doctor_id, "name": "Dr 1", "specialization": "cardiology"}


def test_doctor_is_not_found_after_the_departure(session: Session) -> None:
    doctor = add_doctor(session)
    suspend_doctor(session, doctor)
    with pytest.raises(NotFound):
        doctors.get(session, make_patient(), GetDoctor(doctor_id=doctor.person))


@pytest.mark.parametrize("use_case", [doctors.get, slots.listing])
@pytest.mark.parametrize("role", ["admin", "receptionist"])
def test_unknown_doctor_is_answered_with_not_yet_to_staff(
    session: Session, role: str, use_case: Callable[..., Any]
) -> None:
    with pytest.raises(NotYet) as refused:
        perform(use_case, session, make_user(role), doctor_id=uuid7())
    assert refused.value.code == "not_found"


def test_unknown_doctor_is_answered_with_not_yet_to_themselves(session: Session) -> None:
    doctor = make_user("doctor")
    with pytest.raises(NotYet) as refused:
        doctors.get(session, doctor, GetDoctor(doctor_id=doctor.person))
    assert refused.value.code == "not_found"


@pytest.mark.parametrize("role", ["admin", "receptionist"])
def test_suspended_doctor_is_answered_with_not_yet_to_staff(session: Session, role: str) -> None:
    doctor = make_user("doctor")
    suspend_doctor(session, doctor)  # Auth may have approved the doctor again.
    with pytest.raises(NotYet) as refused:
        doctors.get(session, make_user(role), GetDoctor(doctor_id=doctor.person))
    assert refused.value.code == "not_found"


@pytest.mark.parametrize("use_case", [doctors.get, slots.listing])
def test_unknown_doctor_is_answered_with_not_found_to_patients(session: Session, use_case: Callable[..., Any]) -> None:
    with pytest.raises(NotFound) as refused:
        perform(use_case, session, make_patient(), doctor_id=uuid7())
    assert type(refused.value) is NotFound


def test_newer_event_replaces_an_older_event(session: Session) -> None:
    doctor_id = uuid7()
    approve(session, 1, "Dr Weiss", doctor_id=doctor_id)
    approve(session, 2, "Dr Weiss-Rao", doctor_id=doctor_id)
    assert listed_doctors(session) == [("Dr Weiss-Rao", "cardiology")]


@pytest.mark.parametrize("late", [1, 2])
def test_stale_event_changes_nothing(session: Session, late: int) -> None:
    doctor_id = uuid7()
    approve(session, 2, "Dr Weiss-Rao", doctor_id=doctor_id)
    approve(session, late, "Dr Weiss", doctor_id=doctor_id)
    assert listed_doctors(session) == [("Dr Weiss-Rao", "cardiology")]


def test_newest_event_wins_when_many_are_handled_at_once(fresh_database: Database) -> None:
    doctor_id, order = uuid7(), list(range(1, 13))
    random.shuffle(order)

    def work(sequence: int) -> None:
        def take(session: Session) -> None:
            eventlet.sleep(0)
            approve(session, sequence, f"Dr {sequence}", doctor_id=doctor_id)

        in_transaction(fresh_database, take)

    run_at_once(*[lambda sequence=sequence: work(sequence) for sequence in order])
    with fresh_database.read() as session:
        assert listed_doctors(session) == [("Dr 12", "cardiology")]


STORY = ("approved", "deactivated", "approved", "nurse no more", "doctor no more", "approved", "erased")
"""Events of auth about one person, in order."""


def handle_line(session: Session, doctor_id: UUID, sequence: int) -> None:
    """Handle the event with this number. Numbers begin at 1."""
    actor, line = event_actor(session, sequence), STORY[sequence - 1]
    if line == "approved":
        approve(session, sequence, f"Dr {sequence}", doctor_id=doctor_id)
    elif line == "deactivated":
        doctors.suspend(session, actor, user_id=doctor_id)
    elif line == "erased":
        handlers.on_user_erased(session, actor, example_of(UserErased, user_id=doctor_id, reassign_to=None))
    else:
        handlers.on_role_revoked(
            session, actor, example_of(RoleRevoked, user_id=doctor_id, role=line.partition(" ")[0])
        )


def stored_facts(session: Session, doctor_id: UUID) -> tuple[str, str, bool]:
    """Name, specialization and activity of a doctor in the database."""
    row = session.execute(select(Doctor.name, Doctor.specialization, Doctor.is_active).where(Doctor.id == doctor_id))
    name, specialization, is_active = row.one()
    return name, specialization, is_active


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(order=st.permutations([*range(1, len(STORY) + 1)] * 2), length=st.integers(1, len(STORY)))
def test_doctor_follows_the_newest_event_in_any_order_with_repeats(
    session: Session, order: list[int], length: int
) -> None:
    shuffled, in_order = uuid7(), uuid7()
    for sequence in (number for number in order if number <= length):
        handle_line(session, shuffled, sequence)
    for sequence in range(1, length + 1):
        handle_line(session, in_order, sequence)
    assert stored_facts(session, shuffled) == stored_facts(session, in_order)


@pytest.mark.parametrize("line", ["deactivated", "doctor no more", "erased"])
def test_directory_deletes_the_name_of_a_doctor_who_left(session: Session, line: str) -> None:
    doctor_id = uuid7()
    handle_line(session, doctor_id, 1)
    handle_line(session, doctor_id, STORY.index(line) + 1)
    assert listed_doctors(session) == []
    assert stored_facts(session, doctor_id) == ("", "", False)


def test_directory_keeps_a_doctor_who_loses_another_role(session: Session) -> None:
    doctor_id = uuid7()
    handle_line(session, doctor_id, 1)
    handle_line(session, doctor_id, STORY.index("nurse no more") + 1)
    assert listed_doctors(session) == [("Dr 1", "cardiology")]


def test_slots_are_refused_when_the_doctor_has_left(session: Session) -> None:
    doctor = add_suspended_doctor(session)
    with pytest.raises(NotFound) as refused:
        free_slots(session, doctor, at(hour=0), at(days=3, hour=0))
    assert refused.value.detail == "There is no such doctor."


def test_booking_is_refused_when_the_doctor_has_left(session: Session) -> None:
    doctor = add_suspended_doctor(session)
    with pytest.raises(NotFound) as refused:
        book(session, doctor)
    assert refused.value.detail == "There is no such doctor."


def test_doctor_keeps_hours_when_approved_again(session: Session) -> None:
    doctor = add_doctor(session)
    before = free_slots(session, doctor, at(hour=0), at(days=3, hour=0))
    suspend_doctor(session, doctor)
    approve(session, 3, "Dr Weiss", doctor_id=doctor.person)
    assert free_slots(session, doctor, at(hour=0), at(days=3, hour=0)) == before


def test_visits_stay_listed_when_their_doctor_is_suspended(session: Session) -> None:
    doctor = add_doctor(session)
    visit = book(session, doctor)
    suspend_doctor(session, doctor)
    assert own_visit_ids(session, doctor) == [visit["id"]]
