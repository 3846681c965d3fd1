"""Assignments of doctors to patients."""

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, NotFound, NotYet
from chassis.persistence.database import Session
from contracts.clinical.assignments import EndAssignment, ListAssignments
from services.clinical import assignments
from services.clinical.care.access import treats
from services.clinical.models.care import Assignment
from tests.clinical.care_steps import admin, approve, assign, deactivate, name, revoke
from tests.clinical.factories import doctor, registered


def end(session: Session, assignment_id: object, patient_id: object) -> object:
    """End an assignment."""
    command = EndAssignment(patient_id=patient_id, assignment_id=assignment_id)  # type: ignore[arg-type]  # ids of tests
    return assignments.end(session, admin(), command)


def test_assigned_doctor_treats_the_patient(session: Session) -> None:
    physician, person = approve(session, doctor()), registered(session)
    assign(session, physician, person.id)
    assert treats(session, physician.person, person.id)


def test_assignment_shows_the_doctors_name(session: Session) -> None:
    physician, person = approve(session, doctor()), registered(session)
    name(session, physician, "Dr Lena Weiss")
    assert assign(session, physician, person.id).doctor_name == "Dr Lena Weiss"


def test_ended_assignment_ends_care(session: Session) -> None:
    physician, person = approve(session, doctor()), registered(session)
    end(session, assign(session, physician, person.id).id, person.id)
    session.flush()
    assert not treats(session, physician.person, person.id)


def test_assignment_keeps_its_first_end(session: Session) -> None:
    physician, person = approve(session, doctor()), registered(session)
    assignment_id = assign(session, physician, person.id).id
    end(session, assignment_id, person.id)
    first = session.get_one(Assignment, assignment_id).ended_at
    end(session, assignment_id, person.id)
    assert session.get_one(Assignment, assignment_id).ended_at == first


def test_second_assignment_is_refused_while_the_first_lasts(session: Session) -> None:
    physician, person = approve(session, doctor()), registered(session)
    assign(session, physician, person.id)
    with pytest.raises(Conflict) as refused:
        assign(session, physician, person.id)
    assert refused.value.code == "already_assigned"


def test_assignment_of_an_unknown_patient_is_refused(session: Session) -> None:
    with pytest.raises(NotFound, match="patient"):
        assign(session, approve(session, doctor()), uuid7())


def test_assignment_waits_for_the_approval_of_a_doctor(session: Session) -> None:
    with pytest.raises(NotYet, match="doctor"):
        assign(session, doctor(), registered(session).id)


@pytest.mark.parametrize("leave", [revoke, deactivate])
def test_assignment_is_refused_after_the_doctor_left(session: Session, leave: object) -> None:
    physician = approve(session, doctor())
    leave(session, physician)  # type: ignore[operator]  # one of two steps
    with pytest.raises(NotFound, match="doctor"):
        assign(session, physician, registered(session).id)


def test_doctor_stays_a_doctor_after_losing_a_staff_role(session: Session) -> None:
    physician = approve(session, doctor())
    revoke(session, physician, "nurse")
    assert assign(session, physician, registered(session).id).doctor_id == physician.person


def test_assignment_of_another_patient_is_not_found(session: Session) -> None:
    physician, person = approve(session, doctor()), registered(session)
    assignment = assign(session, physician, person.id)
    with pytest.raises(NotFound, match="assignment"):
        end(session, assignment.id, uuid7())


def test_assignments_are_listed_newest_first(session: Session) -> None:
    person = registered(session)
    made = [assign(session, approve(session, doctor()), person.id).id for _number in range(2)]
    query = ListAssignments(patient_id=person.id)
    assert [row.id for row in assignments.listing(session, admin(), query).items] == made[::-1]
