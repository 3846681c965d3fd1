"""The access of doctors to charts."""

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.errors import NotFound, NotYet
from chassis.execution.run import add_events
from chassis.persistence.database import Session
from contracts.clinical.care import AccessBasis, ChartPart
from services.clinical.care.access import must_care, must_treat, open_chart, treats
from services.clinical.models.care import Assignment, BreakGlass, ChartAccess
from tests.clinical.factories import doctor, hours, in_care, nurse, patient, registered


def test_treating_doctor_has_access(session: Session) -> None:
    physician, person = in_care(session)
    must_treat(session, physician, person.person)
    assert treats(session, physician.person, person.person)


def test_foreign_and_unknown_patients_get_the_same_refusal(session: Session) -> None:
    _physician, person = in_care(session)
    refusals = []
    for patient_id in (person.person, patient().person):
        with pytest.raises(NotYet) as refused:
            must_treat(session, doctor(), patient_id)
        refusals.append((refused.value.code, refused.value.detail))
    assert refusals[0] == refusals[1]


def test_assignment_gives_access_until_it_ends(session: Session) -> None:
    physician, person = doctor(), patient()
    facts = {"doctor_id": physician.person, "patient_id": person.person, "assigned_by": uuid7()}
    assignment = Assignment(id=uuid7(), assigned_at=clock.now(), **facts)
    session.add(assignment)
    session.flush()
    assert must_care(session, physician, person.person) == AccessBasis.ASSIGNMENT
    assignment.ended_at = clock.now()
    assert not treats(session, physician.person, person.person)


def test_break_glass_gives_access_until_its_end(session: Session) -> None:
    physician, person = doctor(), patient()
    facts = {"doctor_id": physician.person, "patient_id": person.person, "reason": "unconscious"}
    opened = BreakGlass(id=uuid7(), opened_at=hours(-1), until=hours(1), **facts)
    session.add(opened)
    session.flush()
    assert must_care(session, physician, person.person) == AccessBasis.BREAK_GLASS
    opened.until = hours(-0.5)
    assert not treats(session, physician.person, person.person)


def test_nurse_sees_every_registered_patient(session: Session) -> None:
    assert must_care(session, nurse(), registered(session).id) == AccessBasis.NURSING


def test_nurse_does_not_see_an_unknown_patient(session: Session) -> None:
    with pytest.raises(NotYet):
        must_care(session, nurse(), uuid7())


def test_caller_without_a_role_of_care_sees_no_patient(session: Session) -> None:
    person = registered(session)
    with pytest.raises(NotFound):
        must_care(session, patient(), person.id)


def test_reading_is_recorded_with_its_basis(session: Session) -> None:
    physician, person = in_care(session)
    open_chart(session, physician, person.person, ChartPart.VITALS)
    add_events(session)
    row = session.scalars(select(ChartAccess)).one()
    facts = (row.reader_id, row.patient_id, row.part, row.basis)
    assert facts == (physician.person, person.person, ChartPart.VITALS, AccessBasis.APPOINTMENT)
