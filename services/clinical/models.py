"""The tables of clinical. What doctors write is never changed: a change is a new row."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, Numeric, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from uuid_utils.compat import uuid7

from chassis import clock
from chassis.persistence.tables import BigSerial, Moment, new_metadata
from contracts.moments import later_than
from services.clinical import rules

PERSONAL = (
    "given_name",
    "family_name",
    "birth_date",
    "phone",
    "phone_changed_at",
    "email",
    "address",
    "blood_group",
    "emergency_contact",
    "deceased_at",
)
"""Facts that are null in a tombstone."""
Sortable = String(200).with_variant(String(200, collation="C"), "postgresql")
"""Text in the order of its characters, so that all words with one beginning are a range of an index."""


class Base(DeclarativeBase):
    """The tables of this service."""

    metadata = new_metadata()
    type_annotation_map: ClassVar = {datetime: Moment}


class Patient(Base):
    """Somebody with a chart: demographics as FHIR's Patient has them. They are only published internally.

    Who registered alone is a copy of the account; whoever the desk registered, or has corrected, has a family name too.
    An erased patient is a tombstone: id and number, and nothing else.
    """

    __tablename__ = "patient"
    __table_args__ = (Index("ix_patient_name_key_id", "name_key", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mrn: Mapped[str] = mapped_column(String(20), unique=True)
    """The medical record number, as people read it out; see `rules.mrn`."""
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(Sortable)
    """The name without case and accents: what lists are ordered by."""
    given_name: Mapped[str | None] = mapped_column(String(99))
    family_name: Mapped[str | None] = mapped_column(String(99))
    birth_date: Mapped[date | None] = mapped_column(index=True)
    sex: Mapped[str] = mapped_column(String(10))
    phone: Mapped[str | None] = mapped_column(String(16))
    """Of a patient with an account a copy of the account's, which auth takes over when it is changed here."""
    phone_changed_at: Mapped[datetime | None]
    """When the number became this one, or was taken away, wherever that was done: the newest change counts."""
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254), index=True)
    """The address without case. Not unique: parents register children with their own."""
    address: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    blood_group: Mapped[str | None] = mapped_column(String(3))
    emergency_contact: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    deceased_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    revision: Mapped[int]
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of auth's event that name and address were copied from; 0 while the patient has no account."""

    def change(self, facts: Mapping[str, Any]) -> None:
        """Take these facts over, which are all but the name."""
        if facts.get("phone", self.phone) != self.phone and "phone_changed_at" not in facts:
            self.phone_changed_at = later_than(self.phone_changed_at, clock.now())
        for name, value in facts.items():
            setattr(self, name, value)
        self.email_key = None if self.email is None else rules.email_key(self.email)

    def contact(self) -> dict[str, Any]:
        """What other services need in order to reach the patient, as events say it."""
        names = ("name", "email", "phone", "phone_changed_at")
        return {"patient_id": self.id, **{name: getattr(self, name) for name in names}}

    def is_newer_phone(self, changed_at: datetime | None) -> bool:
        """Whether a number that was changed in auth counts. Of two changes at one moment, that of the account does."""
        return changed_at is not None and (self.phone_changed_at is None or self.phone_changed_at <= changed_at)

    def is_untouched(self) -> bool:
        """Whether it is but a copy of an account: no desk has entered anything."""
        copied = ("phone", "phone_changed_at", "email")
        return self.sex == "unknown" and all(getattr(self, name) is None for name in PERSONAL if name not in copied)

    def forget(self, now: datetime) -> None:
        """Become a tombstone; the first time counts."""
        if self.erased_at is None:
            self.change(dict.fromkeys(PERSONAL))
            self.name, self.name_key, self.sex = "", "", "unknown"
            self.erased_at, self.revision = now, self.revision + 1


class PatientWord(Base):
    """A word of a patient's name, without case and accents, to search by."""

    __tablename__ = "patient_word"

    word: Mapped[str] = mapped_column(Sortable, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True, index=True)


class RecordNumber(Base):
    """The register of medical record numbers: the database counts, and none is given twice."""

    __tablename__ = "record_number"

    number: Mapped[int] = mapped_column(BigSerial, primary_key=True, autoincrement=True)
    patient_id: Mapped[UUID]


class CareRelation(Base):
    """A doctor treats a patient, from a moment on and until another. It comes from one appointment."""

    __tablename__ = "care_relation"
    __table_args__ = (
        CheckConstraint('until > "from"', name="until_after_from"),
        Index("ix_care_relation_doctor_id_patient_id", "doctor_id", "patient_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    doctor_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    from_: Mapped[datetime] = mapped_column("from")
    until: Mapped[datetime]
    """The first moment at which it holds no more."""
    appointment_id: Mapped[UUID] = mapped_column(unique=True)
    revision: Mapped[int]
    """Revision of the appointment that this is known from, so that a stale event never wins."""


class Prescription(Base):
    """Medicines that a doctor prescribed to a patient on one occasion. It is never edited."""

    __tablename__ = "prescription"
    __table_args__ = (Index("ix_prescription_patient_id_created_at_id", "patient_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    patient_id: Mapped[UUID]
    doctor_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(String(20))
    instructions: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime]
    items: Mapped[list["PrescriptionItem"]] = relationship(order_by="PrescriptionItem.position", lazy="raise")


class PrescriptionItem(Base):
    """One medicine of a prescription; the doctor's order of them is kept. `refills` do not count the first fill."""

    __tablename__ = "prescription_item"
    __table_args__ = (
        CheckConstraint("dose_value > 0", name="dose_is_positive"),
        UniqueConstraint("prescription_id", "position"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    position: Mapped[int]
    medicine: Mapped[str] = mapped_column(String(200))
    # Without a precision, which would round a small dose to nothing. SQLite knows no decimals, so both give floats.
    dose_value: Mapped[float] = mapped_column(Numeric(asdecimal=False))
    dose_unit: Mapped[str] = mapped_column(String(30))
    route: Mapped[str] = mapped_column(String(20))
    frequency: Mapped[str] = mapped_column(String(100))
    days: Mapped[int]
    quantity: Mapped[int]
    refills: Mapped[int]

    @property
    def dose(self) -> dict[str, Any]:
        """The dose as it is said: `{"value": 500.0, "unit": "mg"}`."""
        return {"value": self.dose_value, "unit": self.dose_unit}
