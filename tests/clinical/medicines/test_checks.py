"""Checks of a patient's medicines, with the facts of the chart and the state of the data."""

from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis import clock
from chassis.errors import Conflict, MatronError
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.medicines import AllergyStatement, DataState, FindingKind, Gap, OverrideView
from services.clinical.medicines import checks, facts
from services.clinical.models.medicines import MedicationCheck, MedicationFinding
from services.clinical.settings import ClinicalSettings
from tests.clinical.factories import hours, in_care, item, prescribed, registered
from tests.clinical.medicine_factories import add_allergy, checked, copied, override, prescribe
from tests.clinical.vitals_factories import measured, withdrawn
from tests.settings import give_settings


def refused(session: Session, physician: Actor, person: Actor, *medicines: str, code: str) -> MatronError:
    """Prescribe, and return the refusal."""
    with pytest.raises(Conflict) as caught:
        prescribe(session, physician, person.person, *medicines)
    assert caught.value.code == code
    return caught.value


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the medicine data, which the service uses."""
    folder = copied(tmp_path / "data")
    give_settings(monkeypatch, ClinicalSettings(medicine_data=folder))
    return folder


def test_warfarin_with_aspirin_is_refused(session: Session) -> None:
    physician, person = in_care(session)
    error = refused(session, physician, person, "Warfarin", "Aspirin", code="medication_findings")
    assert {found["kind"] for found in error.facts["findings"]} == {"interaction"}
    assert error.facts["checks"]["findings"] == error.facts["findings"]


def test_interaction_with_an_active_prescription_is_refused(session: Session) -> None:
    physician, person = in_care(session)
    prescribed(session, physician, person, "Warfarin")
    error = refused(session, physician, person, "Aspirin", code="medication_findings")
    assert {found["severity"] for found in error.facts["findings"]} == {"serious"}


def test_discontinued_prescription_does_not_count(session: Session) -> None:
    physician, person = in_care(session)
    prescribed(session, physician, person, "Warfarin").status = "discontinued"
    assert prescribe(session, physician, person.person, "Aspirin")["checks"]["findings"] == []


def test_replaced_prescription_does_not_count(session: Session) -> None:
    physician, person = in_care(session)
    old = prescribed(session, physician, person, "Warfarin")
    lines = [checks.line_of_row(row) for row in old.items]
    assert checks.check(session, person.person, lines, replaces=[old.id]).findings == []
    assert [found.kind for found in checks.check(session, person.person, lines).findings] == [FindingKind.DUPLICATE]


def test_prescriptions_of_other_patients_do_not_count(session: Session) -> None:
    prescribed(session, *in_care(session), "Warfarin")
    physician, person = in_care(session)
    assert prescribe(session, physician, person.person, "Aspirin")["checks"]["findings"] == []


def test_recorded_allergy_is_refused(session: Session) -> None:
    physician, person = in_care(session)
    add_allergy(session, person.person, "Penicillin")
    error = refused(session, physician, person, "Amoxicillin", code="medication_findings")
    assert [found["severity"] for found in error.facts["findings"]] == ["contraindicated"]
    assert error.facts["checks"]["allergies"] == "recorded"


def test_named_severe_delayed_reaction_stops_the_class(session: Session) -> None:
    physician, person = in_care(session)
    add_allergy(session, person.person, "amoxicillin", reaction="SJS in 2020")
    error = refused(session, physician, person, "Cefazolin", code="medication_findings")
    assert [found["severity"] for found in error.facts["findings"]] == ["contraindicated"]


def test_caution_does_not_block(session: Session) -> None:
    physician, person = in_care(session)
    add_allergy(session, person.person, "amoxicillin")
    reply = prescribe(session, physician, person.person, "Ceftriaxone")
    assert [found["severity"] for found in reply["checks"]["findings"]] == ["caution"]


def test_unknown_allergies_are_not_checked(session: Session) -> None:
    physician, person = in_care(session)
    found = checked(session, physician, person.person, "Amoxicillin")
    assert found.allergies is AllergyStatement.UNKNOWN
    assert FindingKind.ALLERGY not in found.checked
    assert Gap.ALLERGIES_UNKNOWN in [gap.reason for gap in found.not_checked]


def test_no_known_allergies_counts_as_checked(session: Session) -> None:
    physician, person = in_care(session)
    add_allergy(session, person.person, None)
    found = checked(session, physician, person.person, "Amoxicillin")
    assert found.allergies is AllergyStatement.NO_KNOWN_ALLERGIES
    assert FindingKind.ALLERGY in found.checked


def test_unknown_allergen_is_named(session: Session) -> None:
    physician, person = in_care(session)
    add_allergy(session, person.person, "Peanuts")
    found = checked(session, physician, person.person, "Amoxicillin")
    assert ("Peanuts", Gap.UNKNOWN_ALLERGEN) in [(gap.subject, gap.reason) for gap in found.not_checked]


def test_unknown_medicine_is_unmatched_also_in_active_prescriptions(session: Session) -> None:
    physician, person = in_care(session)
    prescribed(session, physician, person, "Coumadin")
    reply = prescribe(session, physician, person.person, "Aspirin", "Zestril")
    assert reply["checks"]["unmatched"] == ["Zestril", "Coumadin"]
    assert reply["checks"]["findings"] == []


def test_dose_is_checked_with_the_age_of_the_patient(session: Session) -> None:
    patient = registered(session, birth_date=date(1960, 1, 1))
    lines = [checks.line_of(item("Zolpidem", dose=20.0))]
    found = checks.check(session, patient.id, lines)
    assert {each.kind for each in found.findings} == {FindingKind.DOSE}


@pytest.mark.parametrize(("days", "is_known"), [(29, True), (31, False)])
def test_weight_counts_for_thirty_days(session: Session, days: int, *, is_known: bool) -> None:
    child = registered(session, birth_date=clock.now().date() - timedelta(days=5 * 366)).id
    measured(session, child, weight_kg=20.0, measured_at=hours(-24 * days))
    found = checks.check(session, child, [checks.line_of(item("Ibuprofen", dose=300.0))])
    assert (FindingKind.DOSE in [each.kind for each in found.findings]) is is_known
    assert (Gap.NO_WEIGHT in [gap.reason for gap in found.not_checked]) is not is_known


def test_weight_entered_in_error_does_not_count(session: Session) -> None:
    child = registered(session, birth_date=clock.now().date() - timedelta(days=5 * 366)).id
    withdrawn(session, measured(session, child, weight_kg=20.0)["id"])
    found = checks.check(session, child, [checks.line_of(item("Ibuprofen", dose=300.0))])
    assert Gap.NO_WEIGHT in [gap.reason for gap in found.not_checked]


@pytest.mark.parametrize(("day", "age"), [(date(2026, 3, 9), 15), (date(2026, 3, 10), 16)])
def test_age_is_in_completed_years(day: date, age: int) -> None:
    assert facts.age_at(date(2010, 3, 10), day) == age


def test_answered_findings_are_prescribed_and_kept(session: Session) -> None:
    physician, person = in_care(session)
    error = refused(session, physician, person, "Warfarin", "Aspirin", code="medication_findings")
    answers = [override(found, "Valve, cardiology agrees.") for found in error.facts["findings"]]
    reply = prescribe(session, physician, person.person, "Warfarin", "Aspirin", overrides=answers)
    kept = session.scalars(select(MedicationFinding).order_by(MedicationFinding.id)).all()
    assert [row.text for row in kept] == [found["text"] for found in reply["checks"]["findings"]]
    assert {row.override_reason for row in kept} == {"Valve, cardiology agrees."}
    assert session.scalars(select(MedicationCheck)).one().record_id == UUID(reply["id"])


def test_each_blocking_finding_needs_an_answer(session: Session) -> None:
    physician, person = in_care(session)
    error = refused(session, physician, person, "Warfarin", "Aspirin", code="medication_findings")
    only_one = [override(error.facts["findings"][0])]
    with pytest.raises(Conflict):
        prescribe(session, physician, person.person, "Warfarin", "Aspirin", overrides=only_one)


def test_answer_to_another_finding_does_not_count(session: Session) -> None:
    physician, person = in_care(session)
    foreign = [OverrideView(finding="0" * 20, reason="Guessed.")]
    with pytest.raises(Conflict):
        prescribe(session, physician, person.person, "Warfarin", "Aspirin", overrides=foreign)


def test_each_reply_says_that_the_data_is_unreviewed(session: Session) -> None:
    physician, person = in_care(session)
    shown = prescribe(session, physician, person.person, "Ibuprofen")["checks"]
    assert (shown["reviewed_by"], len(shown["notices"])) == (None, 1)
    assert "unreviewed" in shown["notices"][0]


@pytest.mark.parametrize(
    ("content", "state"), [(None, DataState.MISSING), (b"x", DataState.EDITED)], ids=["missing", "edited"]
)
def test_unusable_data_needs_a_reason(session: Session, data: Path, content: bytes | None, state: DataState) -> None:
    physician, person = in_care(session)
    path = data / "interactions.csv"
    path.unlink() if content is None else path.write_bytes(content)
    error = refused(session, physician, person, "Warfarin", code="medication_unchecked")
    assert (error.facts["state"], error.facts["checks"]["checked"]) == (state, [])
    reply = prescribe(session, physician, person.person, "Warfarin", unchecked_reason="Urgent.")
    shown = reply["checks"]
    assert (shown["data_state"], shown["data_version"], shown["unchecked_reason"]) == (state, None, "Urgent.")
    assert state in shown["notices"][0] or "differs" in shown["notices"][0]


def test_corrupt_data_needs_a_reason(session: Session, data: Path) -> None:
    physician, person = in_care(session)
    (data / "manifest.toml").write_text("version = ")
    error = refused(session, physician, person, "Warfarin", code="medication_unchecked")
    assert error.facts["state"] == DataState.CORRUPT


def test_prescribing_unchecked_is_kept_for_review(session: Session, data: Path) -> None:
    physician, person = in_care(session)
    (data / "manifest.toml").unlink()
    prescribe(session, physician, person.person, "Warfarin", unchecked_reason="Urgent.")
    row = session.scalars(select(MedicationFinding)).one()
    assert (row.kind, row.override_reason) == ("unchecked", "Urgent.")
