"""The queue of the pharmacy."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.dispenses import DeclineDispense, ListDispenseQueue
from contracts.clinical.prescriptions import PrescriptionStatus
from services.clinical.dispenses import commands, queries
from services.clinical.models.care import ChartAccess
from services.clinical.models.patients import Patient
from tests.clinical.factories import in_care, opened_account, patient, pharmacist, registered, statements
from tests.clinical.medicine_factories import add_allergy
from tests.clinical.pharmacy_factories import Case, dispense, later, line, of_item, ordered, row, settle, stocked


def prescribed(session: Session, **fields: Any) -> Case:
    """Return a prescription of a registered patient."""
    record = registered(session, email=None, confirmed_new=True)
    physician, _person = in_care(session, patient_id=record.id)
    person = patient(record.id)
    return Case(physician, person, ordered(session, physician, person, line(**fields)))


def queue(session: Session, actor: Actor | None = None, status: str = "active", **fields: Any) -> list[dict[str, Any]]:
    query = ListDispenseQueue(status=PrescriptionStatus(status), **fields)
    found = ListDispenseQueue.reply(queries.list_queue(session, actor or pharmacist(), query))
    settle(session)
    return list(found["items"])  # type: ignore[call-overload]  # a page


def test_queue_shows_the_patient_and_the_doctor(session: Session) -> None:
    known = prescribed(session)
    opened_account(session, known.doctor.person, name="Dr Ada Okafor")
    (shown,) = queue(session)
    assert (shown["patient_name"], shown["birth_date"], shown["doctor_name"]) == (
        "Asha Rao",
        "1990-04-07",
        "Dr Ada Okafor",
    )
    assert shown["mrn"] == session.get_one(Patient, known.patient.person).mrn


def test_queue_shows_what_can_be_dispensed_now(session: Session) -> None:
    known = prescribed(session, refills=1)
    dispense(session, known.prescription_id, of_item(stocked(session), 20))
    (shown,) = queue(session)
    (item,) = shown["items"]
    assert (item["position"], item["left"], item["dispensed"], item["fills_left"]) == (0, 1, 20, 2)
    assert shown["fills_left"] == 2


def test_queue_counts_allergies(session: Session) -> None:
    known = prescribed(session)
    for substance in ("ibuprofen", "latex"):
        add_allergy(session, known.patient.person, substance)
    (shown,) = queue(session)
    assert (shown["allergies"], shown["no_known_allergies"]) == (2, False)


def test_queue_tells_unknown_from_no_allergies(session: Session) -> None:
    first, second = prescribed(session), prescribed(session)
    add_allergy(session, second.patient.person, None)
    shown = {UUID(each["patient_id"]): (each["allergies"], each["no_known_allergies"]) for each in queue(session)}
    assert shown == {first.patient.person: (0, False), second.patient.person: (0, True)}


def test_queue_is_ordered_by_age(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    first = prescribed(session)
    later(monkeypatch, hours=1)
    second = prescribed(session)
    assert [each["id"] for each in queue(session)] == [str(first.prescription_id), str(second.prescription_id)]
    assert [each["id"] for each in queue(session, limit=1)] == [str(first.prescription_id)]


def test_dispensed_fill_leaves_the_queue_until_the_next(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    known = prescribed(session, refills=1, days=8)
    dispense(session, known.prescription_id, of_item(stocked(session), 21))
    assert queue(session) == []
    later(monkeypatch, days=6)
    assert [each["id"] for each in queue(session)] == [str(known.prescription_id)]


def test_prescriptions_in_other_states_are_found(session: Session) -> None:
    known = prescribed(session)
    row(session, known.prescription_id).finish(PrescriptionStatus.DISCONTINUED, None, clock.now(), "Rash.")
    assert queue(session) == []
    (shown,) = queue(session, status="discontinued")
    assert (shown["id"], shown["items"][0]["left"]) == (str(known.prescription_id), 0)


def test_deceased_patients_are_not_in_the_queue(session: Session) -> None:
    known = prescribed(session)
    session.get_one(Patient, known.patient.person).deceased_at = clock.now()
    session.flush()
    assert queue(session) == []


def test_declined_prescription_shows_the_reason_until_a_dispense(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = prescribed(session)
    command = DeclineDispense(prescription_id=known.prescription_id, reason="Dose is unclear.")
    commands.decline(session, pharmacist(), command)
    session.flush()
    assert [each["declined_reason"] for each in queue(session)] == ["Dose is unclear."]
    later(monkeypatch, minutes=1)
    dispense(session, known.prescription_id, of_item(stocked(session), 1))
    assert [each["declined_reason"] for each in queue(session)] == [None]


def test_each_patient_sees_the_reading_once(session: Session) -> None:
    known, actor = prescribed(session), pharmacist()
    ordered(session, known.doctor, known.patient, line("Paracetamol"))
    assert len(queue(session, actor)) == 2
    access = session.scalars(select(ChartAccess)).one()
    assert (access.patient_id, access.reader_id, access.part, access.basis) == (
        known.patient.person,
        actor.person,
        "prescriptions",
        "pharmacy",
    )


def test_page_costs_the_same_for_any_number_of_rows(session: Session) -> None:
    prescribed(session)
    with statements(session) as one:
        queue(session)
    for _time in range(4):
        prescribed(session)
    with statements(session) as five:
        assert len(queue(session)) == 5
    reads = [[sent for sent in found if sent.lstrip().startswith("SELECT")] for found in (one, five)]
    assert len(reads[0]) == len(reads[1]) <= 6
