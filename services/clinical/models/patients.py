"""Tables of patients: demographics, search words and record numbers."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from chassis import clock
from chassis.persistence.tables import BigSerial
from contracts.moments import later_than
from services.clinical import rules
from services.clinical.models.base import Base

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

    def identity(self) -> dict[str, Any]:
        """Return the facts by which staff identify the patient, as events carry them."""
        names = ("name", "mrn", "birth_date")
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
