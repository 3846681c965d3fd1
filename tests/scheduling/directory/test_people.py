"""Names of people in lists: copied from internal events, in any order, and dropped with the person."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from chassis.contract import page_of
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserDeactivated, UserErased, UserRegistered, UserUpdated
from contracts.clinical.patients import PatientIdentityChanged
from contracts.scheduling.appointments.history import AppointmentWithHistoryView, GetAppointment
from contracts.scheduling.appointments.queries import ListAppointments, ListPatientAppointments
from contracts.scheduling.appointments.views import AppointmentWithDoctorView, AppointmentWithPeopleView
from contracts.scheduling.shifts.queries import ListColleagues, ListShifts
from contracts.scheduling.shifts.views import ColleagueView, ShiftView
from contracts.scheduling.tasks import ListTasks, TaskView
from services.scheduling import handlers, tasks
from services.scheduling.appointments import history, queries
from services.scheduling.directory import patients, people
from services.scheduling.shifts import colleagues
from services.scheduling.shifts import queries as shift_queries
from tests.events import example_of
from tests.scheduling.factories import add_doctor, approve_doctor, book, deliver, make_patient, make_user
from tests.scheduling.staff_factories import ADMIN, add_nurse, ask_for_swap, assign_shift, give_task

BORN = date(1984, 2, 29)
IDENTITY = ("patient_name", "patient_mrn", "patient_birth_date")
WHOLE: dict[str, Any] = {"from_": None, "to": None, "order": "desc", "limit": 10, "cursor": None, "status": None}


def rename(session: Session, person_id: UUID, text: str, sequence: int = 1) -> None:
    """Deliver the name of an account."""
    event = example_of(UserUpdated, user_id=person_id, name=text)
    deliver(session, people.on_user_changed, event, sequence)


def identify(session: Session, person_id: UUID, text: str = "Asha Rao", sequence: int = 1) -> None:
    """Deliver the identity of a patient."""
    event = example_of(PatientIdentityChanged, patient_id=person_id, name=text, mrn="M-0001234-6", birth_date=BORN)
    deliver(session, patients.on_patient_identity_changed, event, sequence)


def erase_person(session: Session, person_id: UUID) -> None:
    """Deliver the erasure of a person."""
    deliver(session, handlers.on_user_erased, example_of(UserErased, user_id=person_id, reassign_to=None), 9)


def staff_list(session: Session, doctor: Actor) -> dict[str, Any]:
    """Return the first appointment of a doctor as the desk sees it."""
    query = {**WHOLE, "doctor_id": doctor.person, "patient_id": None, "first_call": None}
    found = queries.of_all(session, make_user("receptionist"), ListAppointments(**query))
    items: list[dict[str, Any]] = page_of(AppointmentWithPeopleView).dump_one(found)["items"]
    return items[0]


def test_staff_list_shows_doctor_and_patient(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    identify(session, patient.person)
    book(session, doctor, actor=patient)
    shown = staff_list(session, doctor)
    assert (shown["doctor_name"], shown["doctor_specialization"]) == ("Dr Lena Weiss", "cardiology")
    assert (shown["patient_name"], shown["patient_mrn"], shown["patient_birth_date"]) == (
        "Asha Rao",
        "M-0001234-6",
        BORN,
    )


def test_staff_list_shows_null_until_identity_is_published(session: Session) -> None:
    doctor = add_doctor(session)
    book(session, doctor)
    shown = staff_list(session, doctor)
    assert [shown[key] for key in IDENTITY] == [None, None, None]


def test_patient_list_shows_doctor_and_no_patient_fields(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    book(session, doctor, actor=patient)
    query = ListPatientAppointments(**WHOLE, patient_id=patient.person)
    [shown] = page_of(AppointmentWithDoctorView).dump_one(queries.of_patient(session, patient, query))["items"]
    assert shown["doctor_name"] == "Dr Lena Weiss"
    assert not any(key.startswith("patient_") and key != "patient_id" for key in shown)


def test_history_shows_doctor_and_patient(session: Session) -> None:
    doctor, patient = add_doctor(session), make_patient()
    identify(session, patient.person)
    visit = book(session, doctor, actor=patient)
    found = history.get(session, doctor, GetAppointment(appointment_id=visit["id"]))
    shown = AppointmentWithHistoryView.dump_one(found)
    assert (shown["doctor_name"], shown["patient_name"]) == ("Dr Lena Weiss", "Asha Rao")


def test_deactivated_doctor_keeps_name_on_appointments(session: Session) -> None:
    doctor = add_doctor(session)
    rename(session, doctor.person, "Dr Lena Weiss")
    book(session, doctor)
    event = example_of(UserDeactivated, user_id=doctor.person, reassign_to=None)
    deliver(session, handlers.on_user_deactivated, event, 2)
    assert staff_list(session, doctor)["doctor_name"] == "Dr Lena Weiss"


def test_erased_doctor_reads_former_doctor(session: Session) -> None:
    doctor = add_doctor(session)
    rename(session, doctor.person, "Dr Lena Weiss")
    book(session, doctor)
    erase_person(session, doctor.person)
    assert staff_list(session, doctor)["doctor_name"] == "former doctor"


@pytest.mark.parametrize("late", [False, True])
def test_erased_patient_reads_former_patient_even_after_late_identity(session: Session, *, late: bool) -> None:
    doctor, patient = add_doctor(session), make_patient()
    identify(session, patient.person)
    book(session, doctor, actor=patient)
    erase_person(session, patient.person)
    if late:
        identify(session, patient.person, sequence=99)
    shown = staff_list(session, doctor)
    assert [shown[key] for key in IDENTITY] == [
        "former patient",
        None,
        None,
    ]


@pytest.mark.parametrize("order", [(1, 2), (2, 1), (2, 1, 2)])
def test_newest_name_is_kept_in_any_order_of_events(session: Session, order: tuple[int, ...]) -> None:
    person_id = uuid4()
    for sequence in order:
        rename(session, person_id, f"Name {sequence}", sequence)
    assert people.names_of(session, person_id) == {person_id: "Name 2"}


def test_registration_brings_the_name(session: Session) -> None:
    person_id = uuid4()
    deliver(session, people.on_user_changed, example_of(UserRegistered, user_id=person_id, name="Mia Berg"), 1)
    assert people.names_of(session, person_id) == {person_id: "Mia Berg"}


def test_approved_doctor_is_shown_by_the_directory_name(session: Session) -> None:
    doctor = add_doctor(session)
    rename(session, doctor.person, "L. Weiss")
    book(session, doctor)
    approve_doctor(session, doctor, 3, name="Prof Lena Weiss")
    assert staff_list(session, doctor)["doctor_name"] == "Prof Lena Weiss"


def test_shift_list_shows_the_person(session: Session) -> None:
    doctor = add_nurse(session)
    rename(session, doctor.person, "Mia Berg")
    created = assign_shift(session, doctor)
    query = ListShifts(**WHOLE, person_id=doctor.person, ward=None)
    [listed] = page_of(ShiftView).dump_one(shift_queries.listing(session, ADMIN, query))["items"]
    assert (created["person_name"], listed["person_name"]) == ("Mia Berg", "Mia Berg")


def test_swap_and_colleagues_show_both_people(session: Session) -> None:
    requester, colleague = add_nurse(session), add_nurse(session)
    rename(session, requester.person, "Mia Berg")
    rename(session, colleague.person, "Tom Hall")
    query = ask_for_swap(session, requester, assign_shift(session, requester), colleague)
    found = colleagues.listing(session, requester, ListColleagues(limit=100, cursor=None))
    names = {row["id"]: row["name"] for row in page_of(ColleagueView).dump_one(found)["items"]}
    assert (query["asked_by_name"], query["asked_of_name"]) == ("Mia Berg", "Tom Hall")
    assert names[str(colleague.person)] == "Tom Hall"


def test_task_list_shows_owner_giver_and_patient(session: Session) -> None:
    doctor, patient = add_nurse(session), make_patient()
    rename(session, doctor.person, "Mia Berg")
    rename(session, ADMIN.person, "Ada Ward")
    identify(session, patient.person)
    created = give_task(session, doctor, patient_id=patient.person)
    query = ListTasks(owner_id=doctor.person, patient_id=None, order="desc", limit=10, cursor=None, status=None)
    [listed] = page_of(TaskView).dump_one(tasks.listing(session, ADMIN, query))["items"]
    for shown in (created, listed):
        assert [shown[key] for key in ("owner_name", "given_by_name", "patient_name")] == [
            "Mia Berg",
            "Ada Ward",
            "Asha Rao",
        ]


@pytest.mark.parametrize(("before", "after"), [(1, None), (4711, None), (1, 4711)])
def test_erased_name_is_gone_whatever_numbers_internal_events_have(
    session: Session, before: int, after: int | None
) -> None:
    nurse = add_nurse(session)
    rename(session, nurse.person, "Mia Berg", before)
    erase_person(session, nurse.person)
    if after is not None:
        rename(session, nurse.person, "Mia Berg", after)
    assert people.names_of(session, nurse.person) == {nurse.person: people.FORMER_STAFF}
