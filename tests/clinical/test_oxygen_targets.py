"""Doctors decide by which scale the oxygen saturation of a patient is scored."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from uuid_utils.compat import uuid7

from chassis.errors import NotFound, Stale
from chassis.identity import Actor
from chassis.persistence.database import Database, Session
from contracts.clinical.oxygen_targets import GetOxygenTarget, OxygenTargetView
from services.clinical import oxygen_targets
from services.clinical.models.oxygen_targets import OxygenTarget
from tests.calls import called
from tests.clinical.factories import doctor, in_care, nurse, opened_account, patient
from tests.clinical.vitals_factories import adult, entries, on_scale, together


def read(session: Session, reader: Actor, patient_id: UUID) -> dict[str, Any]:
    """Return the target as a caller sees it."""
    shown = oxygen_targets.get(session, reader, GetOxygenTarget(patient_id=patient_id))
    return dict(OxygenTargetView.dump_one(shown))


def test_scale_1_applies_without_a_target(session: Session) -> None:
    shown = read(session, nurse(), adult(session))
    assert (shown["scale"], shown["revision"], shown["versions"]) == (1, 0, [])


def test_target_has_author_and_reason(session: Session) -> None:
    physician, person = in_care(session)
    on_scale(session, physician, person.person)
    shown = read(session, physician, person.person)
    (version,) = shown["versions"]
    assert (shown["scale"], shown["revision"]) == (2, 1)
    assert (version["author_id"], version["reason"]) == (str(physician.person), "COPD with hypercapnia")


def test_change_is_a_new_version(session: Session) -> None:
    physician, person = in_care(session)
    for scale in (2, 1):
        on_scale(session, physician, person.person, scale)
    shown = read(session, physician, person.person)
    assert [(one["version"], one["scale"]) for one in shown["versions"]] == [(2, 1), (1, 2)]
    assert len({one["id"] for one in shown["versions"]}) == 1


def test_history_has_each_version(session: Session) -> None:
    physician, person = in_care(session)
    for scale in (2, 1):
        on_scale(session, physician, person.person, scale)
    found = [(one.kind, one.version, one.details["scale"]) for one in entries(session, person.person)]
    assert found == [("oxygen_target", 1, 2), ("oxygen_target", 2, 1)]


def test_stale_target_is_not_changed(session: Session) -> None:
    physician, person = in_care(session)
    on_scale(session, physician, person.person)
    with called(session, if_match='"0"'), pytest.raises(Stale):
        on_scale(session, physician, person.person, 1)


@pytest.mark.parametrize("caller", [doctor, nurse, patient], ids=lambda caller: caller.__name__)
def test_only_treating_doctors_set_the_target(session: Session, caller: Any) -> None:
    person = adult(session)
    with pytest.raises(NotFound):
        on_scale(session, caller(), person)


@pytest.mark.parametrize("caller", [doctor, patient], ids=lambda caller: caller.__name__)
def test_target_is_hidden_from_others(session: Session, caller: Any) -> None:
    with pytest.raises(NotFound):
        read(session, caller(), adult(session))


def test_slower_of_two_first_targets_is_refused(fresh: Database) -> None:
    with fresh.begin() as session:
        physician, person = in_care(session)
        opened_account(session, person.person)

    def decide(session: Session) -> None:
        with called(session, if_match='"0"'):
            on_scale(session, physician, person.person)

    assert together(fresh, decide) == ["done", "stale"]
    with fresh.read() as session:
        assert len(session.scalars(select(OxygenTarget)).all()) == 1


def test_unknown_patient_has_no_target(session: Session) -> None:
    with pytest.raises(NotFound):
        read(session, nurse(), uuid7())
