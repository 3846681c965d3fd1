"""A run: the speed and cost of a target, for an operation and a number of clients.

The work of other services on a request's events counts separately. These services are paused while clients send
writes. Afterwards they resume; `others` is the CPU that they, the broker and the database use until all is quiet.
"""

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from bench import wrk
from bench.cpu import Watch
from bench.targets import Target

HEADINGS = ("gateway", "service", "broker", "database", "others")
QUIET_SHARE = 0.15
"""Share of a core. A lower use counts as quiet."""
LOOK_SECONDS = 0.25
SETTLE_SECONDS = 20.0


@dataclass(frozen=True)
class Run:
    """The figures of a run. CPU in milliseconds per request, by heading; `others` is not part of the request."""

    target: str
    operation: str
    clients: int
    per_second: float
    p50: float
    p95: float
    p99: float
    bad: float
    """Share of refused or unanswered requests, in percent."""
    cpu: Mapping[str, float]
    load: float
    """The machine's load average at the end."""

    @property
    def total(self) -> float:
        """CPU milliseconds of a request, without the later work of other services."""
        return sum(value for heading, value in self.cpu.items() if heading != "others")

    @property
    def rpc(self) -> float:
        """CPU milliseconds of a request in gateway, service and broker."""
        return self.total - self.cpu.get("database", 0.0)

    @property
    def per_cpu_second(self) -> float:
        """Requests per second of a core."""
        return 1000 / self.total if self.total else 0.0


def measure(target: Target, operation: str, clients: int, seconds: int) -> Run:
    """Send the operation's requests for this time, then wait until their later work is done."""
    requests, watch = target.requests[operation], target.watch(operation)
    with _paused(watch.bystanders if requests.once else ()):
        before = watch.seconds()
        load = wrk.run(target.url, requests.take(seconds), clients=clients, seconds=seconds)
        requests.used(load.requests + 2 * clients)
        after = _settled(watch)
    later = _settled(watch) if requests.once else after
    answered = max(load.requests, 1)
    spent = {name: after[name] - before[name] for name in HEADINGS if name in after}
    if "others" in spent:
        spent["others"] += sum(later.values()) - sum(after.values())
    return Run(
        target.name,
        operation,
        clients,
        per_second=load.requests / load.seconds,
        p50=load.p50,
        p95=load.p95,
        p99=load.p99,
        bad=100 * (load.refused + load.broken) / answered,
        cpu={name: 1000 * used / answered for name, used in spent.items()},
        load=os.getloadavg()[0],
    )


@contextmanager
def _paused(pids: Iterable[int]) -> Iterator[None]:
    """Pause these processes, and resume them at the end."""
    pids = list(pids)
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _settled(watch: Watch) -> Mapping[str, float]:
    """Return the CPU used once the processes are quiet: events are sent and handled after the reply."""
    deadline, before = time.monotonic() + SETTLE_SECONDS, watch.seconds()
    while True:
        time.sleep(LOOK_SECONDS)
        now = watch.seconds()
        if sum(now.values()) - sum(before.values()) < QUIET_SHARE * LOOK_SECONDS or time.monotonic() > deadline:
            return now
        before = now
