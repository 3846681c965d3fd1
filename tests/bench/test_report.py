"""The ratios and verdicts of the report."""

from dataclasses import replace

from bench.measure import Run
from bench.report import ratios

LIST = Run("matron", "list", 16, 100.0, 1.0, 2.0, 3.0, 0.0, {"gateway": 0.5, "database": 0.5, "others": 9.0}, 1.0)


def measured(operation: str, *cpu: float, clients: int = 16) -> list[Run]:
    """One run for each number of milliseconds."""
    return [replace(LIST, operation=operation, clients=clients, cpu={"service": each}) for each in cpu]


def ratio_line(*runs: Run) -> str:
    """The only ratio of these runs."""
    (line,) = ratios(runs).splitlines()[1:]
    return line


def test_vitals_are_compared_with_the_list_of_each_round() -> None:
    line = ratio_line(LIST, replace(LIST, cpu={"service": 2.0}), *measured("vitals", 2.0, 6.0))
    assert "matron list" in line
    assert "2.50  (2.00, 3.00)" in line
    assert line.endswith("kept")


def test_vitals_over_three_lists_miss_the_limit() -> None:
    assert ratio_line(LIST, *measured("vitals", 3.1)).endswith("MISSED")


def test_limit_is_only_judged_at_sixteen_clients() -> None:
    line = ratio_line(replace(LIST, clients=1), *measured("vitals", 9.0, clients=1))
    assert line.endswith("-")


def test_vitals_without_the_list_have_no_ratio() -> None:
    assert ratios(measured("vitals", 2.0)).splitlines()[1:] == []
