"""NEWS2 compared with another implementation, `vitalscore`, whose authors also read the chart."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from vitalscore import score_news2

from contracts.clinical.vitals import VitalSigns
from services.clinical.vitals import rules

READINGS = 10_000
RISKS = {"Low": ["low"], "Medium": ["red_parameter", "urgent"], "High": ["emergency"]}


def reading(chance: random.Random) -> dict[str, Any]:
    """Return random values that both implementations accept, most of them near the bands."""
    return {
        "respiration": chance.randint(1, 40),
        "spo2": chance.randint(75, 100),
        "on_oxygen": chance.random() < 0.5,
        "systolic": chance.randint(60, 260),
        "pulse": chance.randint(20, 180),
        "consciousness": chance.choice("AAAACVPU"),
        "temperature": chance.randint(330, 410) / 10,
    }


def expected(values: dict[str, Any], scale: int) -> Any:
    """Return the result of the other implementation."""
    renamed = {"respiration": "respiratory_rate", "systolic": "systolic_bp", "pulse": "heart_rate"}
    given = {renamed.get(name, name): value for name, value in values.items()}
    return score_news2(**given, use_spo2_scale2=scale == 2)


@pytest.mark.parametrize("scale", [1, 2])
def test_random_readings_have_the_score_of_vitalscore(scale: int) -> None:
    chance = random.Random(20261201 + scale)
    subject = rules.Subject(600, is_pregnant=False, scale=scale)
    for _reading in range(READINGS):
        values = reading(chance)
        found, other = (
            rules.news2(VitalSigns(**values), subject, datetime(2026, 11, 23, tzinfo=UTC)),
            expected(values, scale),
        )
        assert (found.score, found.level in RISKS[other.risk.value]) == (other.total, True), values
