"""Tables of the laboratory, and the moves that an order and its tests may make."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from chassis.persistence.tables import BigSerial
from contracts.clinical.labs.refusals import (
    NOT_COLLECTED,
    NOT_RECEIVED,
    NOT_RESULTED,
    NOT_TO_COLLECT,
    ORDER_RECEIVED,
    RESULTS_EXIST,
    SECOND_TECHNICIAN,
    TESTS_NOT_ORDERED,
    WHICH_SPECIMEN,
    WRONG_SPECIMEN,
)
from contracts.clinical.labs.states import LabStatus, ResultStatus
from services.clinical.labs import rules
from services.clinical.models.append_only import AppendOnly, Version
from services.clinical.models.base import Base
from services.clinical.models.decimals import Exact

IS_CURRENT = text(f"superseded_by IS NULL AND status <> '{ResultStatus.ENTERED_IN_ERROR}'")
"""The condition of an index: results that count."""


class LabOrder(Base):
    """Laboratory tests that a doctor ordered for a patient, or results that came without an order.

    Only the state changes. Its tests have states of their own, and the order has that of the least advanced test.
    """

    __tablename__ = "lab_order"
    __table_args__ = (
        Index("ix_lab_order_patient_id_id", "patient_id", "id"),
        Index("ix_lab_order_status_urgency_id", "status", "urgency", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID | None]
    """The ordering doctor; null for results of an outside laboratory."""
    laboratory: Mapped[str | None] = mapped_column(String(200))
    """The outside laboratory; null for the hospital's own."""
    priority: Mapped[str] = mapped_column(String(20))
    urgency: Mapped[int]
    """The place of the priority in the work list; 0 comes first."""
    reason: Mapped[str | None] = mapped_column(String(500))
    status: Mapped[str] = mapped_column(String(20))
    status_reason: Mapped[str | None] = mapped_column(String(500))
    """Why the latest specimen was rejected, or the order cancelled."""
    ordered_at: Mapped[datetime]
    revision: Mapped[int]
    tests: Mapped[list["OrderedTest"]] = relationship(order_by="OrderedTest.position", lazy="raise")

    def cancel(self, reason: str | None) -> None:
        """Cancel the tests whose specimen has not been received."""
        tests = self._tests_in(LabStatus.ORDERED, LabStatus.COLLECTED, LabStatus.REJECTED)
        if not tests:
            raise ORDER_RECEIVED(state=self.status)
        self._move(tests, LabStatus.CANCELLED)
        self.status_reason = reason

    def tests_to_collect(self, specimen: str) -> list["OrderedTest"]:
        """Return the tests that need this specimen now. Refuses a specimen that no test needs."""
        waiting = self._tests_in(LabStatus.ORDERED, LabStatus.REJECTED)
        if not waiting:
            raise NOT_TO_COLLECT(state=self.status)
        found = [test for test in waiting if rules.suits(specimen, test.specimen)]
        if not found:
            raise WRONG_SPECIMEN(needed=sorted({test.specimen for test in waiting}))
        return found

    def collect(self, tests: Collection["OrderedTest"], number: int) -> None:
        """Assign a collected specimen to the tests that need it."""
        for test in tests:
            test.specimen_number = number
        self._move(tests, LabStatus.COLLECTED)

    def receive(self, accession: str | None) -> list["OrderedTest"]:
        """Receive a collected specimen; return its tests."""
        tests = self._tests_of_one(self._tests_in(LabStatus.COLLECTED), accession)
        self._move(tests, LabStatus.RECEIVED)
        return tests

    def reject(self, accession: str | None, reason: str) -> list["OrderedTest"]:
        """Reject a specimen; return its tests. Verified results stay."""
        states = (LabStatus.COLLECTED, LabStatus.RECEIVED, LabStatus.RESULTED)
        tests = self._tests_of_one(self._tests_in(*states), accession)
        self._move(tests, LabStatus.REJECTED)
        self.status_reason = reason
        return tests

    def result(self, codes: Iterable[str]) -> list["OrderedTest"]:
        """Enter results of received tests; return the tests in the order of the codes."""
        known = {test.code: test for test in self.tests}
        missing = [code for code in codes if code not in known]
        if missing:
            raise TESTS_NOT_ORDERED(tests=missing)
        tests = [known[code] for code in codes]
        done = [test.code for test in tests if test.status in (LabStatus.RESULTED, LabStatus.VERIFIED)]
        if done:
            raise RESULTS_EXIST(tests=done)
        early = [test.code for test in tests if test.status != LabStatus.RECEIVED]
        if early:
            raise NOT_RECEIVED(tests=early)
        self._move(tests, LabStatus.RESULTED)
        return tests

    def tests_to_verify(self) -> list["OrderedTest"]:
        """Return the tests whose results are not verified. Refuses if there is none."""
        found = self._tests_in(LabStatus.RESULTED)
        if not found:
            raise NOT_RESULTED(state=self.status)
        return found

    def verify(self, test_ids: Collection[UUID]) -> None:
        """Mark these tests as verified."""
        self._move([test for test in self.tests if test.id in test_ids], LabStatus.VERIFIED)

    @property
    def is_complete(self) -> bool:
        """Return whether no test waits for the laboratory."""
        return not self._tests_in(*rules.OPEN)

    def _tests_in(self, *states: LabStatus) -> list["OrderedTest"]:
        return [test for test in self.tests if test.status in states]

    def _tests_of_one(self, tests: list["OrderedTest"], accession: str | None) -> list["OrderedTest"]:
        """Return the tests of one specimen: the named one, or the only one."""
        found = [test for test in tests if accession in (None, test.accession)]
        if not found:
            raise NOT_COLLECTED(state=self.status)
        accessions = sorted({str(test.accession) for test in found})
        if len(accessions) > 1:
            raise WHICH_SPECIMEN(accessions=accessions)
        return found

    def _move(self, tests: Iterable["OrderedTest"], status: LabStatus) -> None:
        for test in tests:
            test.status = status
        self.status = rules.status_of(LabStatus(test.status) for test in self.tests)
        self.revision += 1


class OrderedTest(Base):
    """One test of an order. Code, name and specimen are those of the catalogue at the time of the order."""

    __tablename__ = "ordered_test"
    __table_args__ = (
        UniqueConstraint("order_id", "code"),
        Index("ix_ordered_test_patient_id_id", "patient_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("lab_order.id"))
    patient_id: Mapped[UUID]
    position: Mapped[int]
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    specimen: Mapped[str] = mapped_column(String(50))
    status: Mapped[str] = mapped_column(String(20))
    specimen_number: Mapped[int | None] = mapped_column(ForeignKey("specimen.number"))
    """The latest collected specimen."""

    @property
    def accession(self) -> str | None:
        """Return the accession number of the latest specimen."""
        return None if self.specimen_number is None else rules.accession(self.specimen_number)


class Specimen(AppendOnly, Base):
    """A collected specimen. The database counts the accession numbers, so that no number is given twice."""

    __tablename__ = "specimen"
    __table_args__ = (Index("ix_specimen_order_id", "order_id"),)

    number: Mapped[int] = mapped_column(BigSerial, primary_key=True, autoincrement=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("lab_order.id"))
    specimen: Mapped[str] = mapped_column(String(50))
    collected_by: Mapped[UUID]
    collected_at: Mapped[datetime]


class LabStep(AppendOnly, Base):
    """A step of an order: who moved which specimen to which state, when and why."""

    __tablename__ = "lab_step"
    __table_args__ = (Index("ix_lab_step_order_id_id", "order_id", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("lab_order.id"))
    specimen_number: Mapped[int | None] = mapped_column(ForeignKey("specimen.number"))
    """The specimen; null for a step of the whole order."""
    status: Mapped[str] = mapped_column(String(20))
    author_id: Mapped[UUID]
    at: Mapped[datetime]
    reason: Mapped[str | None] = mapped_column(String(500))


class LabResult(Version, Base):
    """One version of the result of an ordered test, with its interpretation at that time."""

    __tablename__ = "lab_result"
    __table_args__ = (
        Index("uq_lab_result_test_id", "test_id", unique=True, sqlite_where=IS_CURRENT, postgresql_where=IS_CURRENT),
        Index(
            "ix_lab_result_patient_id_code_observed_at",
            "patient_id",
            "code",
            "observed_at",
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
        Index("ix_lab_result_order_id", "order_id"),
        Index("ix_lab_result_report_id", "report_id"),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("lab_order.id"))
    test_id: Mapped[UUID] = mapped_column(ForeignKey("ordered_test.id"))
    patient_id: Mapped[UUID]
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(200))
    value: Mapped[Decimal] = mapped_column(Exact)
    unit: Mapped[str] = mapped_column(String(30))
    low: Mapped[Decimal | None] = mapped_column(Exact)
    high: Mapped[Decimal | None] = mapped_column(Exact)
    critical_low: Mapped[Decimal | None] = mapped_column(Exact)
    critical_high: Mapped[Decimal | None] = mapped_column(Exact)
    flag: Mapped[str] = mapped_column(String(20))
    previous_value: Mapped[Decimal | None] = mapped_column(Exact)
    """The previous result, if the change since then is unusually large; else null."""
    previous_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(20))
    comment: Mapped[str | None] = mapped_column(String(2000))
    report_id: Mapped[UUID | None]
    observed_at: Mapped[datetime]
    """The collection of the specimen."""
    author_id: Mapped[UUID]
    """The technician who entered or changed the value."""
    recorded_at: Mapped[datetime]
    verified_by: Mapped[UUID | None]
    verified_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(500))
    """Why the value was corrected or withdrawn."""

    @property
    def test(self) -> str:
        """Return the code of the test, as the contract names it."""
        return self.code

    @property
    def revision(self) -> int:
        """Return the version, as `If-Match` names it."""
        return self.version

    @property
    def is_published(self) -> bool:
        """Return whether the value has left the laboratory."""
        return self.status in (ResultStatus.VERIFIED, ResultStatus.CORRECTED)

    @property
    def delta(self) -> dict[str, object] | None:
        """Return the unusual change as the contract has it; None without one."""
        if self.previous_value is None:
            return None
        change = self.value - self.previous_value
        percent = None if self.previous_value == 0 else round(change / abs(self.previous_value) * 100, 1)
        return {
            "previous_value": self.previous_value,
            "previous_at": self.previous_at,
            "change": change,
            "percent": percent,
        }

    def must_be_by_another(self, person_id: UUID) -> None:
        """Refuse the technician who entered the value."""
        if self.author_id == person_id:
            raise SECOND_TECHNICIAN()
