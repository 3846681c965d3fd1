"""Tables of patients: demographics, search words and record numbers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypedDict, cast
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.persistence.tables import BigSerial
from contracts.clinical.patients import Sex
from contracts.moments import later_than
from services.clinical.models.base import Base
from services.clinical.patients import rules

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
"""Columns that are null in a tombstone."""
Sortable = String(200).with_variant(String(200, collation="C"), "postgresql")
"""Text that sorts by character codes, so that all words with the same beginning are a range of an index."""


class Contact(TypedDict):
    """The contact data of a patient, as events carry it."""

    patient_id: UUID
    name: str
    email: str | None
    phone: str | None
    phone_changed_at: datetime | None


class Identity(TypedDict):
    """The facts by which staff identify a patient, as events carry them."""

    patient_id: UUID
    name: str
    mrn: str
    birth_date: date | None


class Patient(Base):
    """A patient's demographics, as in FHIR's Patient. Only internal events carry them.

    A self-registered patient is a copy of the account. A patient from the desk also has a family name. An erased
    patient is a tombstone with id and record number only.
    """

    __tablename__ = "patient"
    __table_args__ = (Index("ix_patient_name_key_id", "name_key", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    mrn: Mapped[str] = mapped_column(String(20), unique=True)
    """The medical record number in its standard form; see `rules.mrn`."""
    name: Mapped[str] = mapped_column(String(200))
    name_key: Mapped[str] = mapped_column(Sortable)
    """The name without case and accents. Lists are ordered by it."""
    given_name: Mapped[str | None] = mapped_column(String(99))
    family_name: Mapped[str | None] = mapped_column(String(99))
    birth_date: Mapped[date | None] = mapped_column(index=True)
    sex: Mapped[str] = mapped_column(String(10))
    phone: Mapped[str | None] = mapped_column(String(16))
    """The phone number. Auth and clinical copy each other's changes."""
    phone_changed_at: Mapped[datetime | None]
    """The time of the last change of the number, in auth or here. The newest change counts."""
    email: Mapped[str | None] = mapped_column(String(254))
    email_key: Mapped[str | None] = mapped_column(String(254), index=True)
    """The address without case. It is not unique, because parents register children with their own address."""
    address: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    blood_group: Mapped[str | None] = mapped_column(String(3))
    emergency_contact: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    deceased_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    revision: Mapped[int]
    changed_by: Mapped[int] = mapped_column(BigInteger)
    """Sequence of the copied event of auth; 0 for a patient without an account."""

    @property
    def has_account(self) -> bool:
        """Return whether the patient has an account in auth."""
        return self.changed_by > 0

    def change(self, facts: Mapping[str, object]) -> None:
        """Set these columns; `registry.rename` sets the name."""
        if facts.get("phone", self.phone) != self.phone and "phone_changed_at" not in facts:
            self.phone_changed_at = later_than(self.phone_changed_at, clock.now())
        for name, value in facts.items():
            setattr(self, name, value)
        self.email_key = None if self.email is None else rules.email_key(self.email)

    def contact(self) -> Contact:
        """Return the contact data, as events carry it."""
        return {
            "patient_id": self.id,
            "name": self.name,
            "email": self.email,
            "phone": self.phone,
            "phone_changed_at": self.phone_changed_at,
        }

    def identity(self) -> Identity:
        """Return the facts by which staff identify the patient, as events carry them."""
        return {"patient_id": self.id, "name": self.name, "mrn": self.mrn, "birth_date": self.birth_date}

    def is_newer_phone(self, changed_at: datetime | None) -> bool:
        """Return whether a change in auth is newer. For two changes at the same time, auth wins."""
        return changed_at is not None and (self.phone_changed_at is None or self.phone_changed_at <= changed_at)

    def is_untouched(self) -> bool:
        """Return whether the row is a plain copy of an account, without an entry by the desk."""
        copied = ("phone", "phone_changed_at", "email")
        return self.sex == Sex.UNKNOWN and all(getattr(self, name) is None for name in PERSONAL if name not in copied)

    def forget(self, now: datetime) -> None:
        """Become a tombstone. The first time counts."""
        if self.erased_at is None:
            self.change(dict.fromkeys(PERSONAL))
            self.name, self.name_key, self.sex = "", "", Sex.UNKNOWN
            self.erased_at, self.revision = now, self.revision + 1


class PatientWord(Base):
    """A search word: a word of a patient's name without case and accents."""

    __tablename__ = "patient_word"

    word: Mapped[str] = mapped_column(Sortable, primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), primary_key=True, index=True)


class RecordNumber(Base):
    """The register of medical record numbers. The database counts, so that no number is given twice."""

    __tablename__ = "record_number"

    number: Mapped[int] = mapped_column(BigSerial, primary_key=True, autoincrement=True)
    patient_id: Mapped[UUID]


PATIENT = cast("Table", Patient.__table__)
