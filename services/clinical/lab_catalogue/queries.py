"""List the laboratory's catalogue."""

from typing import NamedTuple

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.data import DataView
from contracts.clinical.lab_catalogue import CATALOGUE_UNAVAILABLE, ListLabTests
from services.clinical.lab_catalogue import catalogue
from services.clinical.lab_catalogue.rules import LabTest


class Listed(NamedTuple):
    """The catalogue as the view has it."""

    items: list[LabTest]
    data: DataView
    notice: str


def list_tests(_session: Session, _actor: Actor, _query: ListLabTests) -> Listed:
    """List all tests by name."""
    found = catalogue.current()
    if not found.tests:
        raise CATALOGUE_UNAVAILABLE(status=found.status.value, retry_after=60)
    return Listed(list(found.tests.values()), DataView(version=found.version, status=found.status), found.notice)
