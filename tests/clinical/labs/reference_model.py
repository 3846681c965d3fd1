"""A model of laboratory orders. It has the rules of the domain and no database.

Each method of an order returns the codes of the refusals that are right now. If there are none, it applies the change.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

ORDER_OF_STATES = ("rejected", "ordered", "collected", "received", "resulted", "verified", "cancelled")
LARGEST_CHANGE = 1.5
"""The delta rule of potassium, in mmol/L. The other tests of the machine have constant values."""


@dataclass
class Result:
    """The current version of a result. `delta` tells whether it differs too much from the former value."""

    value: float
    author: UUID
    delta: bool
    version: int = 1
    status: str = "resulted"
    id: UUID | None = None


@dataclass
class Test:
    """One ordered test. `place` is that of its collection among all collections."""

    __test__ = False

    code: str
    specimen: str
    status: str = "ordered"
    accession: str | None = None
    place: int = 0
    result: Result | None = None


@dataclass
class Order:
    """An order, its revision, and its tests."""

    id: UUID
    tests: list[Test]
    revision: int = 1

    @property
    def status(self) -> str:
        """The state of the least advanced test."""
        return min((test.status for test in self.tests), key=ORDER_OF_STATES.index)

    def of(self, *states: str, accession: str | None = None) -> list[Test]:
        """The tests in these states, of one specimen if it is named."""
        return [test for test in self.tests if test.status in states and accession in (None, test.accession)]

    def move(self, tests: Collection[Test], status: str) -> None:
        """Move tests to a state."""
        for test in tests:
            test.status = status
        self.revision += 1

    def cancel(self) -> set[str]:
        """Cancel what has not been received."""
        tests = self.of("ordered", "collected", "rejected")
        if not tests:
            return {"lab_order_received"}
        self.move(tests, "cancelled")
        return set()

    def collect(self, specimen: str, place: int) -> set[str]:
        """Collect a specimen."""
        waiting = self.of("ordered", "rejected")
        tests = [test for test in waiting if specimen in test.specimen.split(" or ")]
        if not tests:
            return {"wrong_specimen" if waiting else "lab_not_to_collect"}
        for test in tests:
            test.place = place
        self.move(tests, "collected")
        return set()

    def receive(self, accession: str | None) -> set[str]:
        """Receive a specimen."""
        return self._move_one(self.of("collected", accession=accession), "received")

    def reject(self, accession: str | None) -> set[str]:
        """Reject a specimen, with its unverified results."""
        tests = self.of("collected", "received", "resulted", accession=accession)
        refusals = self._move_one(tests, "rejected")
        if not refusals:
            for test in tests:
                test.result = None
        return refusals

    def _move_one(self, tests: list[Test], status: str) -> set[str]:
        if not tests:
            return {"lab_not_collected"}
        if len({test.accession for test in tests}) > 1:
            return {"which_specimen"}
        self.move(tests, status)
        return set()

    def refusals_of_results(self, codes: Collection[str]) -> set[str]:
        """Refusals of results of these tests."""
        found = {test.code: test.status for test in self.tests if test.code in codes}
        if len(found) < len(codes):
            return {"tests_not_ordered"}
        if {"resulted", "verified"} & set(found.values()):
            return {"lab_results_exist"}
        return {"lab_not_received"} if set(found.values()) != {"received"} else set()

    def verifiable(self, technician: UUID, *, two_persons: bool) -> list[Test]:
        """The tests whose results the technician may verify."""
        found = self.of("resulted")
        return [test for test in found if not two_persons or (test.result and test.result.author != technician)]


@dataclass
class Model:
    """The orders of one patient."""

    two_persons: bool
    orders: dict[UUID, Order] = field(default_factory=dict)
    collections: int = 0

    def has_delta(self, test: Test, value: float) -> bool:
        """Whether a value differs too much from the last published value before it."""
        known = [other for order in self.orders.values() for other in order.tests if other is not test]
        known = [other for other in known if other.code == test.code and other.place < test.place]
        former = [other for other in known if other.result and other.result.status in ("verified", "corrected")]
        if not former:
            return False
        last = max(former, key=lambda other: other.place).result
        return last is not None and abs(value - last.value) > LARGEST_CHANGE
