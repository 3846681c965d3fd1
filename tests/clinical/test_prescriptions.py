"""Prescriptions: who writes them, and who reads them."""

import pytest

from chassis.contract import Page
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.prescriptions import (
    ListMyPrescriptions,
    ListPrescriptionsOfPatient,
    Prescribe,
    PrescriptionAdded,
)
from contracts.scheduling.appointments.events import AppointmentBooked
from services.clinical import care, prescriptions
from tests.clinical.factories import doctor, heard, in_care, item, patient, prescribed, statements, visit
from tests.events import example_of

AMOXICILLIN = {
    "medicine": "Amoxicillin",
    "dose": {"value": 500.0, "unit": "mg"},
    "route": "oral",
    "frequency": "every 8 hours",
    "days": 7,
    "quantity": 21,
    "refills": 0,
}


def _own(session: Session, whom: Actor, *, limit: int = 20, cursor: str | None = None) -> Page:
    return prescriptions.own(session, whom, ListMyPrescriptions(patient_id=whom.person, limit=limit, cursor=cursor))


def _of_patient(session: Session, who: Actor, whom: Actor) -> Page:
    return prescriptions.of_patient(
        session, who, ListPrescriptionsOfPatient(patient_id=whom.person, limit=20, cursor=None)
    )


def _names(page: Page) -> list[str]:
    return [written.items[0].medicine for written in page.items]


def test_a_doctor_prescribes_to_a_patient_in_care(session: Session) -> None:
    who, whom = in_care(session)
    written = prescribed(session, who, whom)
    assert (written.doctor_id, written.patient_id, written.status) == (who.person, whom.person, "active")


def test_a_doctor_cannot_prescribe_to_a_stranger(session: Session) -> None:
    with pytest.raises(NotFound):
        prescribed(session, doctor(), patient())


def test_the_event_names_no_medicine(session: Session) -> None:
    who, whom = in_care(session)
    written = prescribed(session, who, whom)
    (event,) = session.published
    assert isinstance(event, PrescriptionAdded)
    assert event.data == {"prescription_id": written.id, "patient_id": whom.person, "doctor_id": who.person}


def test_what_was_prescribed_is_told_in_full(session: Session) -> None:
    who, whom = in_care(session)
    written = prescriptions.prescribe(
        session, who, Prescribe(patient_id=whom.person, items=[item()], instructions="With food.")
    )
    told = Prescribe.returns.dump_one(written)
    assert (told["items"], told["instructions"]) == ([AMOXICILLIN], "With food.")


def test_a_patient_reads_ones_own_prescriptions(session: Session) -> None:
    who, whom = in_care(session)
    prescribed(session, who, whom, "Ibuprofen")
    assert _names(_own(session, whom)) == ["Ibuprofen"]


def test_a_patient_cannot_read_anothers_prescriptions(session: Session) -> None:
    who, whom = in_care(session)
    prescribed(session, who, whom)
    with pytest.raises(NotFound):
        prescriptions.own(session, patient(), ListMyPrescriptions(patient_id=whom.person, limit=20, cursor=None))


def test_a_doctor_reads_what_another_prescribed_to_a_patient_in_care(session: Session) -> None:
    author, whom = in_care(session)
    reader = doctor()
    care.agreed(session, heard(session), example_of(AppointmentBooked, **visit(reader, whom)))
    prescribed(session, author, whom, "Ibuprofen")
    assert _names(_of_patient(session, reader, whom)) == ["Ibuprofen"]


def test_a_doctor_cannot_read_the_prescriptions_of_a_stranger(session: Session) -> None:
    who, whom = in_care(session)
    prescribed(session, who, whom)
    with pytest.raises(NotFound):
        _of_patient(session, doctor(), whom)


def test_prescriptions_are_listed_newest_first_page_by_page(session: Session) -> None:
    who, whom = in_care(session)
    for medicine in ("first", "second", "third"):
        prescribed(session, who, whom, medicine)
    one = _own(session, whom, limit=2)
    two = _own(session, whom, limit=2, cursor=one.next)
    assert (_names(one), _names(two), two.next) == (["third", "second"], ["first"], None)


def test_items_keep_the_doctors_order(session: Session) -> None:
    who, whom = in_care(session)
    prescribed(session, who, whom, "c", "a", "b")
    session.expunge_all()
    (written,) = _own(session, whom).items
    assert [each.medicine for each in written.items] == ["c", "a", "b"]


@pytest.mark.parametrize("count", [1, 5])
def test_a_list_takes_two_statements_however_long_it_is(session: Session, count: int) -> None:
    who, whom = in_care(session)
    for _time in range(count):
        prescribed(session, who, whom, "a", "b", "c")
    session.expunge_all()
    with statements(session) as sent:
        assert len(_own(session, whom).items) == count
    assert len(sent) == 2
