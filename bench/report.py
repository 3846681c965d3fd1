"""Report all runs: medians as a table, ratios between targets beside their limits, and JSON."""

import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson

from bench.measure import HEADINGS, Run

BAD_PERCENT = 0.5
"""A run with more wrong answers, in percent, does not count."""
PROMISED_CLIENTS = 16
"""The number of clients for which limits hold; other ratios are shown without a verdict."""
OURS = "matron"


@dataclass(frozen=True)
class Promise:
    """A limit on the ratio between Matron's figure for an operation and another: `at_least` or `at_most`.

    The other figure is that of a rival for the same operation, or Matron's own for the operation `beside`.
    """

    text: str
    rival: str
    operation: str
    of: Callable[[Run], float]
    beside: str = ""
    at_least: float | None = None
    at_most: float | None = None
    aim: float | None = None

    def ratio(self, ours: Run, other: Run) -> float:
        """Return Matron's figure divided by the other."""
        below = self.of(other)
        return self.of(ours) / below if below else float("nan")

    def verdict(self, ratio: float) -> str:
        """Whether the limit holds."""
        kept = (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)
        if not kept:
            return "MISSED"
        return "kept" if self.aim is None or ratio < self.aim else "kept, and the aim reached"

    def target(self) -> str:
        """The limit as text."""
        limit = f"at most {self.at_most}" if self.at_most is not None else f"at least {self.at_least}"
        return limit if self.aim is None else f"{limit}, goal {self.aim}"


PROMISES = (
    Promise("CPU in gateway, service and broker", "nameko", "list", lambda run: run.rpc, at_most=0.6),
    Promise("requests per CPU second", "fastapi", "list", lambda run: run.per_cpu_second, at_least=0.8, aim=1.2),
    Promise("requests per CPU second", "fastapi", "book", lambda run: run.per_cpu_second, at_least=0.5, aim=0.8),
    *(
        Promise("CPU per request", OURS, operation, lambda run: run.total, beside="list", at_most=3.0)
        for operation in ("vitals", "history", "result")
    ),
)


def figures(runs: Sequence[Run]) -> str:
    """Return the medians over all rounds: a line for each operation, number of clients and target."""
    heads = ["operation", "clients", "target", "req/s", "p50 ms", "p95 ms", "p99 ms", "bad %"]
    heads += [f"{heading} ms" for heading in HEADINGS[:-1]] + ["sum ms", "others ms", "req/CPU-s", "load"]
    return _table(heads, [_line(group) for group in _groups(runs)])


def _line(group: Sequence[Run]) -> list[str]:
    first = group[0]
    speed = [f"{_median(group, each):.1f}" for each in ("p50", "p95", "p99", "bad")]
    cpu = [_cpu(group, heading) for heading in HEADINGS]
    total, efficiency = _median(group, "total"), _median(group, "per_cpu_second")
    costs = [*cpu[:-1], f"{total:.2f}", cpu[-1], f"{efficiency:.0f}", f"{_median(group, 'load'):.1f}"]
    return [first.operation, str(first.clients), first.target, f"{_median(group, 'per_second'):.0f}", *speed, *costs]


def _cpu(group: Sequence[Run], heading: str) -> str:
    return f"{median(run.cpu[heading] for run in group):.2f}" if heading in group[0].cpu else "-"


def _median(group: Iterable[Run], name: str) -> float:
    return float(median(getattr(run, name) for run in group))


def _groups(runs: Iterable[Run]) -> list[list[Run]]:
    found: dict[tuple[str, int, str], list[Run]] = {}
    for run in runs:
        found.setdefault((run.operation, run.clients, run.target), []).append(run)
    return list(found.values())


def ratios(runs: Sequence[Run]) -> str:
    """Return limits and results for each number of clients: medians of the ratios of each round."""
    lines = [line for promise in PROMISES for line in _promised(promise, runs)]
    heads = ["operation", "clients", "beside", "ratio", "is", "(rounds)", f"limit at {PROMISED_CLIENTS}", ""]
    return _table(heads, lines)


def _promised(promise: Promise, runs: Sequence[Run]) -> list[list[str]]:
    lines = []
    for clients in sorted({run.clients for run in runs}):
        ours = _rounds(runs, promise.operation, clients, OURS)
        others = _rounds(runs, promise.beside or promise.operation, clients, promise.rival)
        found = [promise.ratio(our, other) for our, other in zip(ours, others, strict=False)]
        if found:
            middle, each = median(found), ", ".join(f"{ratio:.2f}" for ratio in found)
            verdict = promise.verdict(middle) if clients == PROMISED_CLIENTS else "-"
            facts = [promise.text, f"{middle:.2f}", f"({each})", promise.target(), verdict]
            lines.append([promise.operation, str(clients), f"{promise.rival} {promise.beside}".strip(), *facts])
    return lines


def _rounds(runs: Iterable[Run], operation: str, clients: int, target: str) -> list[Run]:
    """Return the runs of an operation, in the order of the rounds."""
    return [run for run in runs if (run.operation, run.clients, run.target) == (operation, clients, target)]


def doubts(runs: Sequence[Run], missing: Iterable[str]) -> list[str]:
    """Return warnings about the figures."""
    bad = sorted({(run.target, run.operation, run.clients) for run in runs if run.bad > BAD_PERCENT})
    text = "{} {} with {} clients does not count: more than {} % bad answers"
    return [*missing, *(text.format(*one, BAD_PERCENT) for one in bad)]


def as_json(runs: Sequence[Run], facts: dict[str, Any]) -> bytes:
    """Return all runs and facts about the machine, as JSON."""
    return orjson.dumps({**facts, "runs": [asdict(run) for run in runs]}, option=orjson.OPT_INDENT_2)


def machine() -> dict[str, Any]:
    """Return facts about the machine."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {"cores": len(models), "processor": models[0] if models else "", "python": platform.python_version()}


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in (heads, *lines))
