"""Probable duplicates: registered patients who may be the person at the desk."""

import hashlib
from datetime import date
from uuid import UUID

from sqlalchemy import select, union_all

from chassis.persistence.database import Session
from services.clinical.models.patients import Patient
from services.clinical.patients import rules

MOST = 20
"""The ids in a refusal at most. Only a placeholder address is shared by more patients."""


def find_duplicates(session: Session, name: str, birth_date: date, email: str | None) -> list[UUID]:
    """Return the ids of patients with the same name and birth date, or the same e-mail address.

    An advisory lock serializes two registrations of the same person.
    """
    key = rules.email_key(email) if email else None
    texts = [f"{birth_date} {' '.join(sorted(rules.words_of(name)))}", *([key] if key else [])]
    session.lock(*(_lock_of(text) for text in texts))
    same = [Patient.birth_date == birth_date, *([Patient.email_key == key] if key else [])]
    # A union instead of OR, so that each part uses its own index.
    queries = [select(Patient.id, Patient.name, Patient.email_key).where(condition) for condition in same]
    rows = {row.id: row for row in session.execute(union_all(*queries))}.values()
    found = [row.id for row in rows if (key and row.email_key == key) or rules.same_name(row.name, name)]
    return sorted(found)[:MOST]


def _lock_of(text: str) -> int:
    """Return the number of an advisory lock. Two texts hardly ever share a number."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
