"""The rules of the state machine: requests of doctors and technicians, and their effect on the reference model."""

from collections import Counter
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chassis.contract import Command
from chassis.identity import Actor
from chassis.persistence.database import Database
from contracts.clinical.labs.commands import (
    CancelLabOrder,
    CollectSpecimen,
    CorrectLabResult,
    OrderLabTests,
    ReceiveSpecimen,
    RejectSpecimen,
    UploadLabTest,
    VerifyLabOrder,
)
from contracts.clinical.labs.queries import GetLabOrder, ListMyLabTests
from tests.clinical.factories import doctor
from tests.clinical.lab_factories import BLOOD, HEMOGLOBIN, POTASSIUM, SERUM, SODIUM, UNITS, adult, technician
from tests.clinical.labs.client import DONE, Answer, ask
from tests.clinical.labs.reference_model import Model, Order, Result, Test

SPECIMENS = {POTASSIUM: "serum or plasma", SODIUM: "serum or plasma", HEMOGLOBIN: BLOOD}
VALUES = {SODIUM: 140.0, HEMOGLOBIN: 14.0}
"""Values of the tests other than potassium."""
MOST_ORDERS = 4
TAGS = ("none", "none", "right", "right", "right", "wrong")
numbers, tags = st.integers(0, MOST_ORDERS - 1), st.sampled_from(TAGS)
codes = st.lists(st.sampled_from(list(SPECIMENS)), min_size=1, max_size=3, unique=True)
potassium = st.sampled_from([3.5, 4.1, 4.6, 5.5, 6.9])
people = st.integers(0, 1)


class LabMachine(RuleBasedStateMachine):
    """A doctor orders tests for a patient, and two technicians do them in any order."""

    database: Database
    two_persons: bool
    outcomes: Counter[tuple[str, str]]
    """The number of each outcome of each command, in all examples."""

    @initialize()
    def add_people(self) -> None:
        """Register the patient; the doctor orders all tests twice."""
        with self.database.begin() as session:
            self.doctor, self.patient = adult(session)
        self.stranger, self.technicians = doctor(), [technician(), technician()]
        self.model, self.touched = Model(self.two_persons), list[UUID]()
        for _ in range(2):
            self.doctor_orders(wanted=list(SPECIMENS))

    # --- requests -----------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.model.orders) < MOST_ORDERS)
    @rule(wanted=codes)
    def doctor_orders(self, *, wanted: list[str]) -> None:
        facts = {"patient_id": self.patient.person, "tests": wanted}
        answer = self.ask(self.doctor, OrderLabTests, set(), facts)
        order_id = UUID(answer.reply["id"])
        self.model.orders[order_id] = Order(order_id, [Test(code, SPECIMENS[code]) for code in wanted])

    @rule(number=numbers, in_care=st.sampled_from([True, True, False]), tag=tags)
    def doctor_cancels(self, *, number: int, in_care: bool, tag: str) -> None:
        order = self.pick(number)
        actor = self.doctor if in_care else self.stranger
        answer = self.send(actor, CancelLabOrder, order, tag, {})
        if not in_care:
            assert answer.code == "not_found"
        elif tag != "wrong":
            self.compare(answer, order.cancel())

    @rule(number=numbers, specimen=st.sampled_from([SERUM, BLOOD, "urine"]), tag=tags)
    def technician_collects(self, *, number: int, specimen: str, tag: str) -> None:
        order = self.pick(number)
        answer = self.send(self.technicians[0], CollectSpecimen, order, tag, {"specimen": specimen})
        if tag != "wrong":
            self.model.collections += 1
            collected = [test for test in order.of("ordered", "rejected") if specimen in test.specimen.split(" or ")]
            self.compare(answer, order.collect(specimen, self.model.collections))
            for test in collected:
                test.accession = answer.reply["accession"]

    @rule(number=numbers, named=st.integers(-1, 2), tag=tags)
    def technician_receives(self, *, number: int, named: int, tag: str) -> None:
        order = self.pick(number)
        accession = _accession(order, named)
        answer = self.send(self.technicians[0], ReceiveSpecimen, order, tag, {"accession": accession})
        if tag != "wrong":
            self.compare(answer, order.receive(accession))

    @rule(number=numbers, named=st.integers(-1, 2), tag=tags)
    def technician_rejects(self, *, number: int, named: int, tag: str) -> None:
        order = self.pick(number)
        accession = _accession(order, named)
        facts = {"accession": accession, "reason": "Haemolysed."}
        answer = self.send(self.technicians[0], RejectSpecimen, order, tag, facts)
        if tag != "wrong":
            self.compare(answer, order.reject(accession))

    @rule(number=numbers, some=codes, value=potassium, by=people, tag=tags)
    def technician_enters_results(self, *, number: int, some: list[str], value: float, by: int, tag: str) -> None:
        order, actor = self.pick(number), self.technicians[by]
        values = {code: VALUES.get(code, value) for code in some}
        results = [{"test": code, "value": values[code], "unit": UNITS[code]} for code in some]
        answer = self.send(actor, UploadLabTest, order, tag, {"results": results})
        if tag == "wrong":
            return
        refusals = order.refusals_of_results(some)
        self.compare(answer, refusals)
        if not refusals:
            tests = [test for test in order.tests if test.code in some]
            for test in tests:
                delta = self.model.has_delta(test, values[test.code])
                test.result = Result(values[test.code], actor.person, delta)
            order.move(tests, "resulted")
            self.read_ids(order, answer)

    @rule(number=numbers, value=potassium, steps=st.integers(1, 4), by=people)
    def order_progresses(self, *, number: int, value: float, steps: int, by: int) -> None:
        """Send the next allowed requests, so that many orders are verified."""
        order = self.pick(number)
        for _ in range(steps):
            self._next_step(order, number, value, by)

    def _next_step(self, order: Order, number: int, value: float, by: int) -> None:
        if waiting := order.of("ordered", "rejected"):
            self.technician_collects(number=number, specimen=waiting[0].specimen.split(" or ")[0], tag="right")
        elif waiting := order.of("collected"):
            accessions = [test.accession for test in order.tests]
            self.technician_receives(number=number, named=accessions.index(waiting[0].accession), tag="right")
        elif waiting := order.of("received"):
            wanted = [test.code for test in waiting]
            self.technician_enters_results(number=number, some=wanted, value=value, by=by, tag="right")
        else:
            self.technician_verifies(number=number, by=1 - by, confirms=True, tag="right")

    @rule(number=numbers, by=people, confirms=st.booleans(), tag=tags)
    def technician_verifies(self, *, number: int, by: int, confirms: bool, tag: str) -> None:
        order, actor = self.pick(number), self.technicians[by]
        found = order.verifiable(actor.person, two_persons=self.two_persons)
        hits = [test.result for test in found if test.result and test.result.delta]
        confirmed = [str(hit.id) for hit in hits if confirms]
        answer = self.send(actor, VerifyLabOrder, order, tag, {"confirmed_deltas": confirmed})
        if tag == "wrong":
            return
        if not order.of("resulted"):
            self.compare(answer, {"lab_not_resulted"})
        elif not found:
            self.compare(answer, {"second_technician_required"})
        elif hits and not confirms:
            self.compare(answer, {"unconfirmed_deltas"})
        else:
            self.compare(answer, set())
            for test in found:
                _change(test, status="verified")
            order.move(found, "verified")

    @rule(number=numbers, which=st.integers(0, 2), value=potassium, by=people, tag=tags)
    def technician_corrects(self, *, number: int, which: int, value: float, by: int, tag: str) -> None:
        order, actor = self.pick(number), self.technicians[by]
        found = [test for test in order.tests if test.result is not None]
        if not found:
            return
        test = found[which % len(found)]
        result = test.result
        assert result is not None
        value = VALUES.get(test.code, value)
        facts = {"result_id": str(result.id), "value": value, "reason": "Typing error."}
        refusals = {"second_technician_required"} if self.two_persons and result.author == actor.person else set[str]()
        answer = self.ask(actor, CorrectLabResult, _stale(tag) or refusals, facts, tag=_tag(tag, result.version))
        if answer.code == DONE:
            status = "resulted" if result.status == "resulted" else "corrected"
            delta = self.model.has_delta(test, value)
            _change(test, status=status, value=value, delta=delta, author=actor.person)

    # --- comparison ---------------------------------------------------------------------------------------------------

    @precondition(lambda self: hasattr(self, "model"))
    @invariant()
    def service_shows_the_model(self) -> None:
        """Compare the changed order as the laboratory sees it, and all tests as the patient sees them."""
        for order in [self.model.orders[order_id] for order_id in self.touched]:
            shown = ask(self.database, self.technicians[0], GetLabOrder, {"order_id": order.id}).reply
            assert (shown["status"], shown["revision"]) == (order.status, order.revision)
            assert [_shown(test) for test in shown["tests"]] == [_expected(test) for test in order.tests]
        own = ask(self.database, self.patient, ListMyLabTests, {"patient_id": self.patient.person, "limit": 100}).reply
        tests = [test for order in reversed(self.model.orders.values()) for test in reversed(order.tests)]
        assert [_shown(test) for test in own["items"]] == [_expected(test, outside=True) for test in tests]

    def pick(self, number: int) -> Order:
        """An order, which the step may change."""
        found = list(self.model.orders.values())[number % len(self.model.orders)]
        self.touched = [found.id]
        return found

    def send(self, actor: Actor, contract: type[Command], order: Order, tag: str, facts: dict[str, Any]) -> Answer:
        """Send a request about an order. A wrong revision is stale."""
        answer = ask(
            self.database, actor, contract, {"order_id": order.id, **facts}, if_match=_tag(tag, order.revision)
        )
        self.outcomes[contract.__name__, answer.code] += 1
        if tag == "wrong" and actor is not self.stranger:
            assert answer.code == "stale"
        return answer

    def ask(
        self, actor: Actor, contract: type[Command], refusals: set[str], facts: dict[str, Any], *, tag: str = ""
    ) -> Answer:
        """Send a request, and compare its outcome with the refusals that the model allows."""
        answer = ask(self.database, actor, contract, facts, if_match=tag)
        self.outcomes[contract.__name__, answer.code] += 1
        self.compare(answer, refusals)
        return answer

    def compare(self, answer: Answer, refusals: set[str]) -> None:
        """Assert that the service refuses exactly when the model does."""
        assert answer.code in (refusals or {DONE}), (answer, refusals)

    def read_ids(self, order: Order, answer: Answer) -> None:
        """Take the ids of new results into the model."""
        ids = {result["test"]: UUID(result["id"]) for result in answer.reply["results"]}
        for test in order.tests:
            if test.result is not None and test.code in ids:
                test.result.id = ids[test.code]


def _accession(order: Order, named: int) -> str | None:
    known = [test.accession for test in order.tests]
    return None if named < 0 else known[named % len(known)]


def _tag(tag: str, revision: int) -> str:
    return {"none": "", "right": f'"{revision}"', "wrong": f'"{revision + 1}"'}[tag]


def _stale(tag: str) -> set[str]:
    return {"stale"} if tag == "wrong" else set()


def _change(test: Test, **facts: Any) -> None:
    """Add a version to the result of a test."""
    assert test.result is not None
    for name, value in facts.items():
        setattr(test.result, name, value)
    test.result.version += 1


def _shown(test: dict[str, Any]) -> tuple[Any, ...]:
    result = test["result"]
    facts = None if result is None else tuple(result[name] for name in ("value", "version", "status"))
    delta = None if result is None else result["delta"] is not None
    return test["test"], test["status"], test["accession"], facts, delta


def _expected(test: Test, *, outside: bool = False) -> tuple[Any, ...]:
    result = test.result
    if result is None or (outside and result.status == "resulted"):
        return test.code, test.status, test.accession, None, None
    return test.code, test.status, test.accession, (result.value, result.version, result.status), result.delta
