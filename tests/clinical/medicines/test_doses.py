"""Doses against the limits of the built-in data."""

import pytest

from contracts.clinical.medicines import FindingView, Gap, GapView
from contracts.clinical.prescriptions import Route
from services.clinical.medicines import doses
from services.clinical.medicines.doses import Body, Dose
from tests.clinical.medicine_factories import catalogue, medicine

ADULT, CHILD = Body(40, 70.0), Body(5, 20.0)


def found(name: str, dose: Dose, body: Body = ADULT, route: Route = Route.ORAL) -> list[FindingView | GapView]:
    return list(doses.check(catalogue(), medicine(name, route=route), dose, body))


def texts(results: list[FindingView | GapView]) -> list[str]:
    """Return the sentences of findings. Fails if something was not checked."""
    assert all(isinstance(each, FindingView) for each in results)
    return [each.text for each in results]


def gaps(results: list[FindingView | GapView]) -> list[Gap]:
    return [each.reason for each in results if isinstance(each, GapView)]


@pytest.mark.parametrize(
    ("frequency", "count"),
    [
        ("once daily", 1),
        ("Twice a day", 2),
        ("three times a day", 3),
        ("4 times daily", 4),
        ("every 8 hours", 3),
        ("every 4-6 hours as needed", 6),
        ("q6h", 4),
        ("every 48 hours", 1),
        ("tid", 3),
        ("when it hurts", None),
        ("every 0 hours", None),
    ],
)
def test_frequency_gives_doses_a_day(frequency: str, count: float | None) -> None:
    assert doses.doses_a_day(frequency) == count


def test_dose_within_limits_is_not_found() -> None:
    assert texts(found("paracetamol", Dose(1, "g", "every 6 hours"))) == []


def test_single_dose_above_the_limit_is_found() -> None:
    (text,) = texts(found("paracetamol", Dose(2, "g", "once daily")))
    assert text == "2000 mg of paracetamol at once exceeds the limit of 1000 mg, oral."


def test_daily_dose_above_the_limit_is_found() -> None:
    (text,) = texts(found("paracetamol", Dose(1000, "mg", "every 4 hours")))
    assert text == "6000 mg of paracetamol a day exceeds the limit of 4000 mg, oral."


def test_micrograms_are_converted() -> None:
    (text,) = texts(found("colchicine", Dose(1500, "mcg", "once daily")))
    assert text.startswith("1.5 mg of colchicine at once")


def test_unknown_unit_is_not_checked() -> None:
    assert gaps(found("paracetamol", Dose(2, "tablets", "once daily"))) == [Gap.UNKNOWN_UNIT]


def test_unknown_frequency_leaves_the_daily_dose_unchecked() -> None:
    assert gaps(found("paracetamol", Dose(500, "mg", "often"))) == [Gap.UNKNOWN_FREQUENCY]


def test_child_gets_the_limit_per_kg() -> None:
    (text,) = texts(found("ibuprofen", Dose(300, "mg", "once daily"), CHILD))
    assert text == "300 mg of ibuprofen at once exceeds the limit of 200 mg (10 mg/kg), oral."


def test_limit_per_kg_needs_a_weight() -> None:
    (gap,) = found("ibuprofen", Dose(100, "mg", "once daily"), Body(5, None))
    assert isinstance(gap, GapView)
    assert (gap.reason, gap.text) == (Gap.NO_WEIGHT, "ibuprofen: not checked: no weight.")


def test_unknown_age_gets_the_limits_of_adults() -> None:
    results = found("zolpidem", Dose(20, "mg", "at night"), Body(None, None))
    assert gaps(results) == [Gap.NO_AGE]
    assert len(results) == 3


def test_substance_without_a_limit_is_not_checked() -> None:
    assert gaps(found("warfarin", Dose(5, "mg", "once daily"))) == [Gap.NO_LIMIT]


def test_child_without_a_limit_is_not_checked() -> None:
    assert gaps(found("zolpidem", Dose(20, "mg", "at night"), CHILD)) == [Gap.NO_LIMIT]


def test_adolescent_has_own_limits() -> None:
    assert texts(found("paracetamol", Dose(1, "g", "every 6 hours"), Body(15, 60.0))) == []
    assert len(texts(found("paracetamol", Dose(2, "g", "once daily"), Body(15, 60.0)))) == 1
    assert gaps(found("ibuprofen", Dose(800, "mg", "tid"), Body(12, None))) == [Gap.NO_LIMIT]


def test_combination_is_not_checked() -> None:
    assert gaps(found("co-amoxiclav", Dose(625, "mg", "tid"))) == [Gap.COMBINATION]


def test_unmatched_medicine_has_no_result() -> None:
    assert found("xyz", Dose(1, "mg", "tid")) == []
