"""Which tests run in which lane. The last lane takes all that no other names, so that no test is ever left out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Lane:
    """A part of the tests. ``waits`` is for tests that wait more than they work, and go first when they need to."""

    name: str
    paths: tuple[str, ...]
    without: tuple[str, ...] = ()
    waits: bool = False

    @property
    def choice(self) -> list[str]:
        """Pytest's arguments for this part."""
        return [*self.paths, *(f"--ignore={path}" for path in self.without)]


NAMED = (
    Lane("faults", ("tests/faults",), waits=True),
    # All tests on the shared RabbitMQ: one is started for them, and one that was given by its address may have only
    # one virtual host.
    Lane(
        "broker",
        ("tests/broker", "tests/deploy", "tests/journeys", "tests/matron", "tests/test_servers.py", "tests/transports"),
        waits=True,
    ),
    Lane("scheduling", ("tests/scheduling",)),
    Lane("gateway", ("tests/clients", "tests/gateway", "tests/schemathesis", "tests/security")),
)
REST = Lane("rest", ("tests",), without=tuple(path for lane in NAMED for path in lane.paths))
LANES = (*NAMED, REST)
