"""Lists of prescriptions."""

from collections.abc import Callable

import pytest

from chassis.contract import Page
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import ListMyPrescriptions, ListPrescriptionsOfPatient
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical.care.handlers import on_appointment_booked
from services.clinical.prescriptions import queries
from tests.clinical.factories import (
    desk,
    doctor,
    heard,
    in_care,
    lab_technician,
    nurse,
    opened_account,
    patient,
    pharmacist,
    prescribed,
    registered,
    statements,
    visit,
)
from tests.events import example_of


def _own(session: Session, person: Actor, *, limit: int = 20, cursor: str | None = None) -> Page:
    return queries.list_own(session, person, ListMyPrescriptions(patient_id=person.person, limit=limit, cursor=cursor))


def _of_patient(session: Session, physician: Actor, person: Actor) -> Page:
    return queries.list_of_patient(
        session, physician, ListPrescriptionsOfPatient(patient_id=person.person, limit=20, cursor=None)
    )


def _names(page: Page) -> list[str]:
    return [written["items"][0].medicine for written in page.items]


def test_patient_reads_own_prescriptions(session: Session) -> None:
    physician, person = in_care(session)
    prescribed(session, physician, person, "Ibuprofen")
    assert _names(_own(session, person)) == ["Ibuprofen"]


def test_patient_cannot_read_prescriptions_of_another(session: Session) -> None:
    physician, person = in_care(session)
    prescribed(session, physician, person)
    with pytest.raises(NotFound):
        queries.list_own(session, patient(), ListMyPrescriptions(patient_id=person.person, limit=20, cursor=None))


def test_doctor_reads_prescriptions_of_other_doctors(session: Session) -> None:
    author, person = in_care(session)
    reader = doctor()
    on_appointment_booked(session, heard(session), example_of(AppointmentBooked, **visit(reader, person)))
    prescribed(session, author, person, "Ibuprofen")
    assert _names(_of_patient(session, reader, person)) == ["Ibuprofen"]


def test_list_is_refused_without_a_care_relation(session: Session) -> None:
    physician, person = in_care(session)
    prescribed(session, physician, person)
    with pytest.raises(NotFound):
        _of_patient(session, doctor(), person)


def test_prescriptions_are_listed_newest_first_page_by_page(session: Session) -> None:
    physician, person = in_care(session)
    for medicine in ("first", "second", "third"):
        prescribed(session, physician, person, medicine)
    one = _own(session, person, limit=2)
    two = _own(session, person, limit=2, cursor=one.next)
    assert (_names(one), _names(two), two.next) == (["third", "second"], ["first"], None)


def test_items_keep_the_order_of_the_doctor(session: Session) -> None:
    physician, person = in_care(session)
    prescribed(session, physician, person, "c", "a", "b")
    session.expunge_all()
    (written,) = _own(session, person).items
    assert [each.medicine for each in written["items"]] == ["c", "a", "b"]


@pytest.mark.parametrize("count", [1, 5])
def test_list_takes_three_statements(session: Session, count: int) -> None:
    physician, person = in_care(session)
    for _time in range(count):
        prescribed(session, physician, person, "a", "b", "c")
    session.expunge_all()
    with statements(session) as sent:
        assert len(_own(session, person).items) == count
    assert len(sent) == 3


@pytest.mark.parametrize("reader", [nurse, pharmacist])
def test_nurses_and_pharmacists_read_prescriptions(session: Session, reader: Callable[[], Actor]) -> None:
    person = patient(registered(session).id)
    assert _of_patient(session, reader(), person).items == []


@pytest.mark.parametrize("reader", [lab_technician, desk])
def test_other_staff_reads_no_prescriptions(session: Session, reader: Callable[[], Actor]) -> None:
    person = patient(registered(session).id)
    with pytest.raises(NotFound):
        _of_patient(session, reader(), person)


def test_reading_of_prescriptions_is_recorded_for_the_patient(session: Session) -> None:
    physician, person = in_care(session)
    _of_patient(session, physician, person)
    ((table, values),) = session.appended
    assert (table.name, values["part"], values["reader_id"]) == ("chart_access", "prescriptions", physician.person)


def test_list_names_the_doctors(session: Session) -> None:
    physician, person = in_care(session)
    opened_account(session, physician.person, name="Dr Ada Okafor")
    prescribed(session, physician, person)
    assert [written["doctor_name"] for written in _own(session, person).items] == ["Dr Ada Okafor"]


def test_active_prescriptions_of_a_chart_have_items_and_end(session: Session) -> None:
    physician, person = in_care(session)
    written = prescribed(session, physician, person, "Amoxicillin", "Ibuprofen")
    session.expunge_all()
    (shown,) = queries.active_of(session, person.person)
    assert (shown["id"], shown["ended_at"]) == (written.id, None)
    assert [item.medicine for item in written.items] == [item.medicine for item in shown["items"]]  # type: ignore[attr-defined]
