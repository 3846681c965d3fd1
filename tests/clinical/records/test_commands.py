"""Write visit notes, and change them by new versions."""

from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Forbidden, NotFound, NotYet, Stale
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.auth.events import UserRegistered
from contracts.clinical.records import (
    AddRecord,
    AmendRecord,
    EnterRecordInError,
    GetRecord,
    RecordAdded,
    RecordKind,
    RecordView,
    RecordWithVersionsView,
)
from services.clinical.directory import people
from services.clinical.records import commands, queries
from tests.calls import called
from tests.clinical.chart_factories import Chart, booked, chart, history_of
from tests.clinical.factories import doctor, heard, published, registered
from tests.events import example_of


def add(session: Session, actor: Actor, patient_id: UUID, kind: str = "diagnosis", **facts: Any) -> dict[str, Any]:
    given = {"patient_id": patient_id, "kind": RecordKind(kind), "text": "Asthma", **facts}
    return RecordView.dump_one(commands.add(session, actor, AddRecord(**given)))


def amend(session: Session, actor: Actor, known: dict[str, Any], **facts: Any) -> dict[str, Any]:
    given = {"text": "Asthma, mild", "reason": "Severity was missing.", **facts}
    command = AmendRecord(patient_id=known["patient_id"], record_id=known["id"], **given)
    return RecordView.dump_one(commands.amend(session, actor, command))


def strike(session: Session, actor: Actor, known: dict[str, Any]) -> dict[str, Any]:
    command = EnterRecordInError(patient_id=known["patient_id"], record_id=known["id"], reason="Wrong patient.")
    return RecordView.dump_one(commands.enter_in_error(session, actor, command))


def versions(session: Session, actor: Actor, known: dict[str, Any]) -> list[dict[str, Any]]:
    query = GetRecord(patient_id=known["patient_id"], record_id=known["id"])
    found: list[dict[str, Any]] = RecordWithVersionsView.dump_one(queries.get(session, actor, query))["versions"]
    return found


@pytest.fixture
def ward(session: Session) -> Chart:
    return chart(session)


def test_record_has_author_state_and_first_version(session: Session, ward: Chart) -> None:
    written = add(session, ward.doctor, ward.patient_id, code="J45.9")
    assert (written["author_id"], written["status"], written["version"], written["revision"]) == (
        ward.doctor.person, "final", 1, 1,
    )  # fmt: skip
    assert (written["text"], written["code"], written["reason"]) == ("Asthma", "J45.9", None)


def test_record_shows_the_name_of_its_author(session: Session, ward: Chart) -> None:
    heard(session, "user_registered")
    people.copy_name(session, example_of(UserRegistered, user_id=ward.doctor.person, name="Mia Berg"))
    assert add(session, ward.doctor, ward.patient_id)["author_name"] == "Mia Berg"


@pytest.mark.parametrize("kind", ["nursing_note", "procedure"])
def test_nurse_writes_notes_and_procedures(session: Session, ward: Chart, kind: str) -> None:
    assert add(session, ward.nurse, ward.patient_id, kind)["kind"] == kind


@pytest.mark.parametrize("kind", ["diagnosis", "treatment"])
def test_nurse_may_not_write_what_only_doctors_write(session: Session, ward: Chart, kind: str) -> None:
    with pytest.raises(Forbidden) as refused:
        add(session, ward.nurse, ward.patient_id, kind)
    assert refused.value.code == "doctor_required"


def test_nurse_may_not_amend_a_diagnosis(session: Session, ward: Chart) -> None:
    known = add(session, ward.doctor, ward.patient_id)
    with pytest.raises(Forbidden):
        amend(session, ward.nurse, known)
    assert len(versions(session, ward.doctor, known)) == 1


def test_doctor_outside_care_who_is_a_nurse_writes_as_a_nurse(session: Session, ward: Chart) -> None:
    both = Actor(id=uuid7(), roles=frozenset({"doctor", "nurse"}), verified=True)
    with pytest.raises(Forbidden):
        add(session, both, ward.patient_id, "diagnosis")
    assert add(session, both, ward.patient_id, "nursing_note")["version"] == 1


def test_record_names_an_appointment_of_the_patient(session: Session, ward: Chart) -> None:
    visit_id = booked(session, doctor(), ward.patient_id, starts=20)
    assert add(session, ward.doctor, ward.patient_id, appointment_id=visit_id)["appointment_id"] == visit_id


def test_appointment_of_another_patient_is_refused(session: Session, ward: Chart) -> None:
    visit_id = booked(session, ward.doctor, registered(session, family_name="Berg", email=None).id)
    with pytest.raises(NotYet):
        add(session, ward.doctor, ward.patient_id, appointment_id=visit_id)


def test_amendment_is_a_new_version_with_its_author_and_reason(session: Session, ward: Chart) -> None:
    known, colleague = add(session, ward.doctor, ward.patient_id), ward.people["assigned doctor"]
    amended = amend(session, colleague, known)
    assert (amended["id"], amended["version"], amended["status"]) == (known["id"], 2, "amended")
    assert (amended["author_id"], amended["reason"]) == (colleague.person, "Severity was missing.")


def test_omitted_code_stays_and_null_clears_it(session: Session, ward: Chart) -> None:
    known = add(session, ward.doctor, ward.patient_id, code="J45.9")
    assert amend(session, ward.doctor, known)["code"] == "J45.9"
    assert amend(session, ward.doctor, known, code=None)["code"] is None


def test_all_versions_stay_readable(session: Session, ward: Chart) -> None:
    known = add(session, ward.doctor, ward.patient_id)
    amend(session, ward.doctor, known)
    strike(session, ward.doctor, known)
    shown = [(one["version"], one["status"], one["text"]) for one in versions(session, ward.doctor, known)]
    assert shown == [(1, "final", "Asthma"), (2, "amended", "Asthma, mild"), (3, "entered_in_error", "Asthma, mild")]


def test_each_version_is_in_the_history(session: Session, ward: Chart) -> None:
    known = add(session, ward.doctor, ward.patient_id)
    amend(session, ward.doctor, known)
    strike(session, ward.doctor, known)
    assert history_of(session, known["id"]) == [
        (1, "diagnosis", "final"),
        (2, "diagnosis", "amended"),
        (3, "diagnosis", "entered_in_error"),
    ]


@pytest.mark.parametrize("change", [amend, strike])
def test_record_in_error_stays_as_it_is(session: Session, ward: Chart, change: Any) -> None:
    known = add(session, ward.doctor, ward.patient_id)
    strike(session, ward.doctor, known)
    with pytest.raises(Conflict) as refused:
        change(session, ward.doctor, known)
    assert refused.value.code == "already_in_error"


@pytest.mark.parametrize("change", [amend, strike])
def test_change_of_an_unseen_version_is_stale(session: Session, ward: Chart, change: Any) -> None:
    known = add(session, ward.doctor, ward.patient_id)
    amend(session, ward.doctor, known)
    with called(session, if_match='"1"'), pytest.raises(Stale) as refused:
        change(session, ward.doctor, known)
    assert refused.value.facts == {"revision": 2}


@pytest.mark.parametrize("change", [amend, strike])
def test_record_of_another_patient_is_not_found(session: Session, ward: Chart, change: Any) -> None:
    known = add(session, ward.doctor, ward.patient_id)
    other = registered(session, family_name="Berg", email=None).id
    with pytest.raises(NotFound):
        change(session, ward.nurse, {**known, "patient_id": other})


def test_event_contains_no_text(session: Session, ward: Chart) -> None:
    known = add(session, ward.doctor, ward.patient_id, code="J45.9")
    amend(session, ward.doctor, known)
    first, second = published(session, RecordAdded)
    assert first == {
        "record_id": known["id"],
        "patient_id": ward.patient_id,
        "author_id": ward.doctor.person,
        "appointment_id": None,
        "kind": "diagnosis",
        "status": "final",
        "revision": 1,
    }
    assert (second["status"], second["revision"]) == ("amended", 2)
