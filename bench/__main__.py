"""`python -m bench`: start everything, measure in interleaved rounds, print the results."""

import chassis  # noqa: F401  # isort: skip  # First of all: it makes the process green.

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import report, servers, wrk
from bench.hospital import matron
from bench.measure import Run, measure
from bench.rivals.fastapi_rival import fastapi
from bench.rivals.nameko_rival import nameko
from bench.targets import OPERATIONS, Target
from tests.servers import Unavailable, programs

RIVALS = ("nameko", "fastapi")
WARM_UP = (16, 2)
"""Clients and seconds of each operation's warm-up, which does not count."""
ABOUT = """
Measures speed and CPU time over HTTP, on RabbitMQ and PostgreSQL: login, free slots, a list of 20 appointments, a
booking, vital signs, a page of a long history, and laboratory results. The rivals are the same list through nameko's
own entrypoints, and login, list and booking in FastAPI.
"""
EXAMPLES = """
examples:
  python -m bench --quick
  python -m bench --operations list,book --clients 16 --rounds 5 --json bench.json
  TEST_AMQP_URL=amqp://... TEST_DATABASE_URL=postgresql://... python -m bench
"""


def options() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        "python -m bench", description=ABOUT, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=_positive, default=3, help="number of rounds (3)")
    parser.add_argument("--seconds", type=_positive, default=3, help="length of a measurement (3)")
    parser.add_argument("--clients", type=_numbers, default=[1, 16, 64], help="simultaneous connections (1,16,64)")
    parser.add_argument("--operations", type=_operations, default=OPERATIONS, help=f"some of {','.join(OPERATIONS)}")
    parser.add_argument("--rivals", type=_rivals, default=RIVALS, help=f"some of {','.join(RIVALS)}, or none")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every measurement to this file")
    parser.add_argument("--quick", action="store_true", help="a single round of two seconds with 16 clients")
    chosen = parser.parse_args()
    if chosen.quick:
        chosen.rounds, chosen.seconds, chosen.clients = 1, 2, [16]
    return chosen


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def _numbers(text: str) -> list[int]:
    return [_positive(word) for word in text.split(",")]


def _operations(text: str) -> list[str]:
    return _some(text, OPERATIONS)


def _rivals(text: str) -> list[str]:
    return [] if text == "none" else _some(text, RIVALS)


def _some(text: str, known: Sequence[str]) -> list[str]:
    chosen = text.split(",")
    if not set(chosen) <= set(known):
        raise argparse.ArgumentTypeError(f"some of {','.join(known)}")
    return [name for name in known if name in chosen]


def main() -> int:
    """Measure and print; return 0 if everything could be measured."""
    chosen = options()
    programs.announce = _say
    try:
        with ExitStack() as stack:
            wrk.find()
            _measure_all(stack, chosen)
    except Unavailable as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _measure_all(stack: ExitStack, chosen: argparse.Namespace) -> None:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="matron-bench-")))
    _say("starting the servers")
    used = stack.enter_context(servers.servers())
    _say("starting the hospital, with 100,000 appointments")
    ours, urls = stack.enter_context(matron(used, folder))
    targets, missing = [ours], _unseen(used)
    if "nameko" in chosen.rivals:
        targets.append(stack.enter_context(nameko(used, folder, urls["scheduling"])))
    if "fastapi" in chosen.rivals:
        try:
            targets.append(stack.enter_context(fastapi(used, folder)))
        except Unavailable as error:
            missing.append(str(error))
    _print(list(_runs(targets, chosen)), missing, chosen)


def _unseen(used: servers.Servers) -> list[str]:
    """Return the limits of measurements on these servers."""
    pids = {"broker": used.broker_pid, "database server": used.database_pid}
    absent = [name for name, pid in pids.items() if pid is None]
    found = [f"the CPU time of the {name} is not counted: it is not on this machine" for name in absent]
    off = servers.careless(used.postgresql.url)
    return [*found, f"the database server runs with {', '.join(off)} off"] if off else found


def _runs(targets: Sequence[Target], chosen: argparse.Namespace) -> Iterator[Run]:
    """Measure every operation, number of clients and target in turn, in each round."""
    plan = [(o, c, t) for o in chosen.operations for c in chosen.clients for t in targets if o in t.requests]
    for operation, target in {(operation, target.name): (operation, target) for operation, _, target in plan}.values():
        _say(f"warming up: {target.name} {operation}")
        measure(target, operation, *WARM_UP)
    plan, began = plan * chosen.rounds, time.monotonic()
    for done, (operation, clients, target) in enumerate(plan, 1):
        run = measure(target, operation, clients, chosen.seconds)
        left = (time.monotonic() - began) / done * (len(plan) - done)
        _say(f"{done:3}/{len(plan)}  {_brief(run)}  {left:4.0f} s left")
        yield run


def _brief(run: Run) -> str:
    name = f"{run.operation} {run.target}, {run.clients} clients"
    return f"{name:<28} {run.per_second:6.0f} req/s  p99 {run.p99:6.1f} ms  {run.total:6.2f} ms CPU each"


def _print(runs: Sequence[Run], missing: Sequence[str], chosen: argparse.Namespace) -> None:
    facts = {**report.machine(), "rounds": chosen.rounds, "seconds": chosen.seconds}
    print(f"\n{', '.join(f'{name} {value}' for name, value in facts.items())}")
    print("medians; CPU in milliseconds per request; `others` is the work of other services on its events\n")
    print(report.figures(runs))
    print(f"\n{report.ratios(runs)}")
    for doubt in report.doubts(runs, missing):
        print(f"NOTE: {doubt}")
    if chosen.json is not None:
        chosen.json.write_bytes(report.as_json(runs, facts))


def _say(what: str) -> None:
    print(f"bench: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
