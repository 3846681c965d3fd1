"""Rules of medication checks, over the built-in data."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clinical.medicines import FindingKind, Severity
from contracts.clinical.prescriptions import Route
from services.clinical.medicines import rules
from services.clinical.medicines.rules import CrossAllergy, Interaction
from tests.clinical.medicine_factories import allergic, catalogue, interactions, medicine


def members(term: str) -> list[str]:
    """Return the substances of a term: itself, or all of a class."""
    return [term] if term in catalogue().substances else sorted(catalogue().members[term])


@pytest.mark.parametrize("row", catalogue().interactions, ids=lambda row: row.id)
def test_each_interaction_hits_in_both_directions(row: Interaction) -> None:
    for left, right in product(members(row.left), members(row.right)):
        if left != right:
            forward = interactions(medicine(left), medicine(right, is_new=False))
            backward = interactions(medicine(right), medicine(left, is_new=False))
            assert row.severity in [found.severity for found in forward if row.effect in found.text]
            assert [found.id for found in forward] == [found.id for found in backward]


@pytest.mark.parametrize("row", catalogue().allergies, ids=lambda row: row.id)
@pytest.mark.parametrize("severe_delayed", [False, True])
def test_each_allergy_row_hits_in_both_directions(row: CrossAllergy, *, severe_delayed: bool) -> None:
    wanted = row.after_severe_delayed if severe_delayed else row.severity
    for left, right in product(members(row.left), members(row.right)):
        if left != right:
            found = allergic(left, right, severe_delayed=severe_delayed)
            assert found == allergic(right, left, severe_delayed=severe_delayed)
            assert found or wanted is None or is_exception(left, right)


def is_exception(left: str, right: str) -> bool:
    """Return whether the data says that the two share no allergy."""
    rows = [row for row in catalogue().allergies if row.severity is None]
    return any({left, right} <= {*members(row.left), *members(row.right)} for row in rows)


@given(st.sampled_from(sorted(catalogue().substances)))
def test_allergy_to_a_substance_stops_it(name: str) -> None:
    assert allergic(name, name)[0] == Severity.CONTRAINDICATED


@pytest.mark.parametrize(
    ("prescribed", "severities"),
    [
        ("amoxicillin", ["contraindicated"]),
        ("ampicillin", ["serious"]),
        ("cefalexin", ["serious"]),
        ("ceftriaxone", ["caution"]),
        ("meropenem", ["caution"]),
        ("aztreonam", ["caution"]),
        ("cefazolin", []),
        ("azithromycin", []),
    ],
)
def test_amoxicillin_allergy_stops_its_relatives(prescribed: str, severities: list[str]) -> None:
    assert allergic("Amoxicillin", prescribed) == severities


@pytest.mark.parametrize(
    "prescribed", ["ampicillin", "cefalexin", "ceftriaxone", "cefazolin", "meropenem", "aztreonam"]
)
def test_severe_delayed_reaction_stops_the_whole_class(prescribed: str) -> None:
    (severity,) = allergic("amoxicillin", prescribed, severe_delayed=True)
    assert severity in ("contraindicated", "serious")


@pytest.mark.parametrize(
    ("allergen", "prescribed", "severity"),
    [
        ("Penicillins", "amoxicillin", "contraindicated"),
        ("penicillin", "cefalexin", "serious"),
        ("aspirin", "ibuprofen", "contraindicated"),
        ("NSAIDs", "aspirin", "contraindicated"),
        ("sulfa", "co-trimoxazole", "contraindicated"),
        ("sulfonamides", "furosemide", "caution"),
        ("co-trimoxazole", "sulfadiazine", "contraindicated"),
    ],
)
def test_allergy_to_a_class_stops_its_members(allergen: str, prescribed: str, severity: str) -> None:
    assert severity in allergic(allergen, prescribed)


def test_active_medicines_are_not_checked_for_allergies_again() -> None:
    known = [rules.Allergy("amoxicillin")]
    assert list(rules.allergies(catalogue(), [medicine("amoxicillin", is_new=False)], known)) == []


@pytest.mark.parametrize(
    ("severity", "timing", "reaction", "is_severe"),
    [
        ("severe", "delayed", None, True),
        ("severe", "immediate", "anaphylaxis", False),
        ("mild", "delayed", "rash", False),
        (None, None, "SJS in 2019", True),
        (None, None, "Stevens-Johnson syndrome", True),
        (None, None, "toxic epidermal necrolysis", True),
        (None, None, "DRESS", True),
        (None, None, "AGEP", True),
        (None, None, "ten spots under the dress", False),
    ],
)
def test_severe_delayed_reaction_is_recognized(
    severity: str | None, timing: str | None, reaction: str | None, *, is_severe: bool
) -> None:
    assert rules.is_severe_delayed(severity, timing, reaction) is is_severe


@pytest.mark.parametrize("name", ["Amoxicilin", "Lipitor", "", "amoxicillin 500"])
def test_unknown_medicine_is_unmatched(name: str) -> None:
    assert medicine(name).substances == ()
    assert not medicine(name).is_known


@pytest.mark.parametrize("name", ["amoxicillin/clavulanate", " AMOXICILLIN + Clavulanic  acid", "co-amoxiclav"])
def test_combination_is_matched_by_each_substance(name: str) -> None:
    assert sorted(substance.name for substance in medicine(name).substances) == ["amoxicillin", "clavulanate"]
    assert medicine(name).is_known


def test_combination_with_an_unknown_part_is_unmatched() -> None:
    assert [substance.name for substance in medicine("warfarin/xyz").substances] == ["warfarin"]
    assert not medicine("warfarin/xyz").is_known


def test_interaction_inside_a_combination_is_found() -> None:
    assert [found.severity for found in interactions(medicine("warfarin/aspirin"))] == ["serious", "serious"]


def test_interactions_of_old_medicines_alone_are_not_found() -> None:
    assert interactions(medicine("warfarin", is_new=False), medicine("aspirin", is_new=False)) == []


@pytest.mark.parametrize(
    ("other", "route", "severities"),
    [
        ("ibuprofen", Route.ORAL, ["serious"]),
        ("ibuprofen", Route.TOPICAL, ["caution"]),
        ("naproxen", Route.ORAL, ["caution"]),
        ("paracetamol", Route.ORAL, []),
    ],
)
def test_duplicate_therapy_is_found(other: str, route: Route, severities: list[str]) -> None:
    pair = [medicine("ibuprofen"), medicine(other, route=route, is_new=False)]
    assert [found.severity for found in rules.duplicates(catalogue(), pair)] == severities


def test_finding_has_the_same_id_for_the_same_facts() -> None:
    first, again = (rules.finding(FindingKind.DOSE, Severity.SERIOUS, "much", "label").id for _time in range(2))
    assert first == again
    assert first != rules.finding(FindingKind.DOSE, Severity.CAUTION, "much", "label").id
