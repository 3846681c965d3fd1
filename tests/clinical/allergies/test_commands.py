"""Record allergies and the statement that there are none, and change them by new versions."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from chassis.errors import Conflict, Invalid, NotFound, Stale
from chassis.persistence.database import Session
from contracts.clinical.allergies import (
    AddAllergy,
    AllergyCertainty,
    AllergySeverity,
    AllergyView,
    AmendAllergy,
    EnterAllergyInError,
    ReactionTiming,
)
from services.clinical.allergies import commands
from services.clinical.allergies.queries import current_allergies
from tests.calls import called
from tests.clinical.chart_factories import IN_CARE, Chart, chart, expected, history_of, outcomes
from tests.clinical.factories import registered

REFUTED = {"certainty": AllergyCertainty.REFUTED}


def add(session: Session, ward: Chart, **facts: Any) -> dict[str, Any]:
    command = AddAllergy(patient_id=ward.patient_id, **facts or {"substance": "penicillin"})
    return AllergyView.dump_one(commands.add(session, ward.nurse, command))


def state_none(session: Session, ward: Chart) -> dict[str, Any]:
    return add(session, ward, no_known_allergies=True)


def amend(session: Session, ward: Chart, allergy_id: UUID, **facts: Any) -> dict[str, Any]:
    command = AmendAllergy(patient_id=ward.patient_id, allergy_id=allergy_id, reason="Skin test.", **facts or REFUTED)
    return AllergyView.dump_one(commands.amend(session, ward.doctor, command))


def strike(session: Session, ward: Chart, allergy_id: UUID) -> dict[str, Any]:
    command = EnterAllergyInError(patient_id=ward.patient_id, allergy_id=allergy_id, reason="Wrong patient.")
    return AllergyView.dump_one(commands.enter_in_error(session, ward.doctor, command))


def none_known(session: Session, ward: Chart) -> bool:
    return current_allergies(session, ward.patient_id).no_known_allergies


def standing(session: Session, ward: Chart) -> list[str | None]:
    return [one.substance for one in current_allergies(session, ward.patient_id).allergies]


@pytest.fixture
def ward(session: Session) -> Chart:
    return chart(session)


def test_allergy_has_reaction_severity_certainty_and_timing(session: Session, ward: Chart) -> None:
    facts = {
        "substance": "penicillin",
        "reaction": "Stevens-Johnson syndrome",
        "severity": AllergySeverity.SEVERE,
        "certainty": AllergyCertainty.CONFIRMED,
        "timing": ReactionTiming.DELAYED,
    }
    written = add(session, ward, **facts)
    assert {name: written[name] for name in facts} == facts
    assert (written["status"], written["version"], written["author_id"]) == ("active", 1, ward.nurse.person)


def test_allergy_is_unconfirmed_unless_its_certainty_is_given(session: Session, ward: Chart) -> None:
    assert add(session, ward)["certainty"] == "unconfirmed"


def test_allergies_are_unknown_before_anything_is_recorded(session: Session, ward: Chart) -> None:
    assert (standing(session, ward), none_known(session, ward)) == ([], False)


def test_statement_has_no_substance(session: Session, ward: Chart) -> None:
    written = state_none(session, ward)
    assert (written["no_known_allergies"], written["substance"], written["certainty"]) == (True, None, None)
    assert none_known(session, ward)


def test_statement_is_refused_while_allergies_stand(session: Session, ward: Chart) -> None:
    known = add(session, ward)
    with pytest.raises(Conflict) as refused:
        state_none(session, ward)
    assert (refused.value.code, refused.value.facts) == ("allergies_stand", {"allergy_ids": [str(known["id"])]})


def test_statement_is_accepted_after_the_allergy_was_refuted(session: Session, ward: Chart) -> None:
    amend(session, ward, add(session, ward)["id"])
    state_none(session, ward)
    assert none_known(session, ward)


def test_statement_is_accepted_after_the_allergy_was_a_mistake(session: Session, ward: Chart) -> None:
    strike(session, ward, add(session, ward)["id"])
    state_none(session, ward)
    assert none_known(session, ward)


def test_repeated_statement_is_a_new_version(session: Session, ward: Chart) -> None:
    first, second = state_none(session, ward), state_none(session, ward)
    assert (second["id"], second["version"], second["status"]) == (first["id"], 2, "active")


def test_later_allergy_supersedes_the_statement(session: Session, ward: Chart) -> None:
    stated = state_none(session, ward)
    add(session, ward)
    assert (standing(session, ward), none_known(session, ward)) == (["penicillin"], False)
    assert history_of(session, stated["id"]) == [(1, "allergy", "active"), (2, "allergy", "superseded")]


def test_refuted_allergy_leaves_the_statement(session: Session, ward: Chart) -> None:
    state_none(session, ward)
    add(session, ward, substance="latex", **REFUTED)
    assert none_known(session, ward)


def test_allergy_that_is_refuted_no_longer_supersedes_the_statement(session: Session, ward: Chart) -> None:
    known = add(session, ward, substance="latex", **REFUTED)
    state_none(session, ward)
    amend(session, ward, known["id"], certainty=AllergyCertainty.CONFIRMED)
    assert (standing(session, ward), none_known(session, ward)) == (["latex"], False)


def test_allergy_of_one_patient_leaves_the_statement_of_another(session: Session, ward: Chart) -> None:
    state_none(session, ward)
    other = registered(session, family_name="Berg", email=None).id
    add(session, Chart(other, ward.people))
    assert none_known(session, ward)


def test_statement_in_error_leaves_the_allergies_unknown(session: Session, ward: Chart) -> None:
    strike(session, ward, state_none(session, ward)["id"])
    assert (standing(session, ward), none_known(session, ward)) == ([], False)


def test_statement_is_not_amended(session: Session, ward: Chart) -> None:
    stated = state_none(session, ward)
    with pytest.raises(Conflict) as refused:
        amend(session, ward, stated["id"])
    assert refused.value.code == "statement_fixed"


def test_amendment_keeps_omitted_fields_and_clears_null_fields(session: Session, ward: Chart) -> None:
    known = add(session, ward, substance="latex", reaction="Hives", severity=AllergySeverity.MILD)
    amended = amend(session, ward, known["id"], severity=AllergySeverity.SEVERE, reaction=None)
    assert (amended["substance"], amended["severity"], amended["reaction"]) == ("latex", "severe", None)
    assert (amended["version"], amended["author_id"], amended["reason"]) == (2, ward.doctor.person, "Skin test.")


def test_each_version_is_in_the_history(session: Session, ward: Chart) -> None:
    known = add(session, ward)
    amend(session, ward, known["id"])
    strike(session, ward, known["id"])
    statuses = [status for _version, _kind, status in history_of(session, known["id"])]
    assert statuses == ["active", "active", "entered_in_error"]


Change = Callable[[Session, Chart, UUID], dict[str, Any]]


@pytest.mark.parametrize("change", [amend, strike])
def test_allergy_in_error_stays_as_it_is(session: Session, ward: Chart, change: Change) -> None:
    known = add(session, ward)
    strike(session, ward, known["id"])
    with pytest.raises(Conflict) as refused:
        change(session, ward, known["id"])
    assert refused.value.code == "already_in_error"


@pytest.mark.parametrize("change", [amend, strike])
def test_change_of_an_unseen_version_is_stale(session: Session, ward: Chart, change: Change) -> None:
    known = add(session, ward)
    amend(session, ward, known["id"])
    with called(session, if_match='"1"'), pytest.raises(Stale):
        change(session, ward, known["id"])
    assert amend(session, ward, known["id"])["version"] == 3


@pytest.mark.parametrize("change", [amend, strike])
def test_allergy_of_another_patient_is_not_found(session: Session, ward: Chart, change: Change) -> None:
    other = registered(session, family_name="Berg", email=None).id
    known = add(session, Chart(other, ward.people))
    with pytest.raises(NotFound):
        change(session, ward, known["id"])


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, "substance"),
        ({"reaction": "Hives"}, "substance"),
        ({"substance": " "}, "substance"),
        ({"no_known_allergies": True, "substance": "latex"}, "substance"),
        ({"no_known_allergies": True, "certainty": "confirmed"}, "certainty"),
        ({"substance": "latex", "severity": "fatal"}, "severity"),
    ],
    ids=str,
)
def test_contradicting_or_missing_fields_are_refused(payload: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        AddAllergy.read({"patient_id": str(uuid7()), **payload})
    assert list(refused.value.facts["errors"]) == [field]


def test_amendment_without_a_change_is_refused() -> None:
    with pytest.raises(Invalid):
        AmendAllergy.read({"patient_id": str(uuid7()), "allergy_id": str(uuid7()), "reason": "No change."})


def test_doctors_in_care_and_nurses_record_allergies(session: Session, ward: Chart) -> None:
    found = outcomes(session, ward, AddAllergy, commands.add, lambda: {"substance": "latex"})
    assert found == expected(*IN_CARE, "nurse")


def test_doctors_in_care_and_nurses_amend_allergies(session: Session, ward: Chart) -> None:
    facts = {"allergy_id": add(session, ward)["id"], "reason": "Skin test.", **REFUTED}
    assert outcomes(session, ward, AmendAllergy, commands.amend, lambda: facts) == expected(*IN_CARE, "nurse")


def test_doctors_in_care_and_nurses_mark_allergies_in_error(session: Session, ward: Chart) -> None:
    def facts() -> dict[str, Any]:
        return {"allergy_id": add(session, ward)["id"], "reason": "Wrong patient."}

    found = outcomes(session, ward, EnterAllergyInError, commands.enter_in_error, facts)
    assert found == expected(*IN_CARE, "nurse")
