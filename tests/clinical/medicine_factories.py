"""Builders for tests of medicine data and medication checks."""

import hashlib
import shutil
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.medicines import ChecksView, FindingView, OverrideView
from contracts.clinical.prescriptions import CheckMedication, Prescribe, Route
from services.clinical.medicines import dataset, rules
from services.clinical.medicines.rules import Allergy, Catalogue, Medicine
from services.clinical.models import allergies
from services.clinical.prescriptions import commands
from tests.clinical.factories import item
from transports import rows


@cache
def catalogue() -> Catalogue:
    """Return the built-in medicine data."""
    found = dataset.load(dataset.BUILT_IN).catalogue
    assert found is not None
    return found


def medicine(text: str, *, is_new: bool = True, route: Route = Route.ORAL) -> Medicine:
    """Return a matched medicine."""
    return rules.matched(catalogue(), text, route, is_new=is_new)


def interactions(*medicines: Medicine) -> list[FindingView]:
    """Return the interactions of medicines."""
    return list(rules.interactions(catalogue(), medicines))


def allergic(allergen: str, prescribed: str, *, severe_delayed: bool = False) -> list[str]:
    """Return the severities of a medicine for a patient with this allergy."""
    known = [Allergy(allergen, "", severe_delayed)]
    return [found.severity for found in rules.allergies(catalogue(), [medicine(prescribed)], known)]


def add_allergy(session: Session, patient_id: UUID, substance: str | None, **facts: Any) -> None:
    """Record an allergy; without a substance, the statement that the patient has none."""
    author = {"author_id": uuid7(), "recorded_at": clock.now()}
    row = {"id": uuid7(), "version": 1, "patient_id": patient_id, "status": "active", "certainty": "confirmed"}
    session.add(allergies.Allergy(**author, **row, substance=substance, no_known_allergies=substance is None, **facts))
    session.flush()


def prescribe(session: Session, physician: Actor, patient_id: UUID, *medicines: str, **fields: Any) -> dict[str, Any]:
    """Prescribe medicines; return the reply."""
    items = [item(each) for each in medicines]
    command = Prescribe(patient_id=patient_id, items=items, **fields)
    reply: dict[str, Any] = Prescribe.reply(commands.prescribe(session, physician, command))
    session.flush()
    rows.add(session, session.appended)
    session.appended.clear()
    return reply


def checked(session: Session, physician: Actor, patient_id: UUID, *medicines: str) -> ChecksView:
    """Check medicines without prescribing them."""
    items = [item(each) for each in medicines]
    return commands.check(session, physician, CheckMedication(patient_id=patient_id, items=items))


def override(finding: dict[str, Any], reason: str = "Benefit outweighs the risk.") -> OverrideView:
    """Answer a finding."""
    return OverrideView(finding=finding["id"], reason=reason)


def copied(folder: Path) -> Path:
    """Copy the built-in data into a folder, for tests that change it."""
    return Path(shutil.copytree(dataset.BUILT_IN, folder))


def signed(folder: Path) -> Path:
    """Write the digests of the changed files into the manifest."""
    manifest = folder / "manifest.toml"
    text = manifest.read_text()
    for path in folder.glob("*.csv"):
        was = hashlib.sha256((dataset.BUILT_IN / path.name).read_bytes()).hexdigest()
        text = text.replace(was, hashlib.sha256(path.read_bytes()).hexdigest())
    manifest.write_text(text)
    return folder
