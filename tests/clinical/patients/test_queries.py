"""Searches and reads of patients."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event, insert, text
from uuid_utils.compat import uuid7

from chassis.contract import Page
from chassis.errors import Invalid, NotFound
from chassis.persistence.database import Database, Session
from contracts.clinical.patients import CorrectPatient, GetMyProfile
from services.clinical.models.patients import Patient
from services.clinical.patients import commands, queries
from tests.clinical.factories import desk, erase, opened_account, patient, registered, searched, statements


def _names(page: Page) -> list[str]:
    return [row.name for row in page.items]


def _people(session: Session, *names: str, **facts: Any) -> None:
    """Register patients with these names, given name first."""
    for name in names:
        given_name, _, family_name = name.rpartition(" ")
        parts = {"given_name": given_name or None, "family_name": family_name}
        registered(session, email=None, **parts, **facts)


def _pages(session: Session, **criteria: Any) -> list[list[str]]:
    """Return the names on each page of two patients."""
    found = searched(session, limit=2, **criteria)
    pages = [_names(found)]
    while found.next is not None:
        found = searched(session, limit=2, cursor=found.next, **criteria)
        pages.append(_names(found))
    return pages


@pytest.mark.parametrize("typed", ["{}", "{} ", "m{bare}", "{bare}"], ids=["whole", "blank", "no dashes", "digits"])
def test_record_number_is_found_in_every_spelling(session: Session, typed: str) -> None:
    known = registered(session)
    _people(session, "Ben Carter")
    bare = known.mrn.replace("M", "").replace("-", "")
    assert _names(searched(session, mrn=typed.format(known.mrn, bare=bare))) == ["Asha Rao"]


def test_misread_record_number_is_refused(session: Session) -> None:
    with pytest.raises(Invalid) as refused:
        searched(session, mrn="M-0001234-1")
    assert "mrn" in refused.value.facts["errors"]


@pytest.mark.parametrize("name", ["rao", "Ash", "rao asha", "ÁSHA", "men"])
def test_name_is_found_by_the_beginning_of_any_word(session: Session, name: str) -> None:
    _people(session, "Asha Rao-Menon", "Ben Carter")
    assert _names(searched(session, name=name)) == ["Asha Rao-Menon"]


@pytest.mark.parametrize("name", ["sha", "rao ben", "%", "_sha"])
def test_text_inside_a_word_finds_no_patient(session: Session, name: str) -> None:
    _people(session, "Asha Rao", "Ben Carter")
    assert _names(searched(session, name=name)) == []


def test_birth_date_and_name_must_both_match(session: Session) -> None:
    _people(session, "Asha Rao", birth_date=date(1990, 4, 7))
    _people(session, "Asha Nair", birth_date=date(1991, 4, 7))
    assert _names(searched(session, name="asha", birth_date=date(1991, 4, 7))) == ["Asha Nair"]


def test_self_registered_patient_is_found(session: Session) -> None:
    opened_account(session, uuid7(), name="Zoë O'Brien")
    assert _names(searched(session, name="obrien zoe")) == ["Zoë O'Brien"]


def test_new_name_replaces_the_old_name_in_the_search(session: Session) -> None:
    known = registered(session)
    commands.correct(session, desk(), CorrectPatient(patient_id=known.id, family_name="Menon"))
    session.flush()
    assert (_names(searched(session, name="menon")), _names(searched(session, name="rao"))) == (["Asha Menon"], [])


def test_patients_are_listed_by_name_page_by_page(session: Session) -> None:
    _people(session, "ben carter", "Élodie Petit", "Asha Rao", "Zoë Adams", "Ben Carter-Diaz")
    assert _pages(session) == [["Asha Rao", "ben carter"], ["Ben Carter-Diaz", "Élodie Petit"], ["Zoë Adams"]]


def test_patients_with_the_same_name_are_all_listed(session: Session) -> None:
    known = {registered(session, confirmed_new=True).id for _time in range(3)}
    one = searched(session, limit=2)
    two = searched(session, limit=2, cursor=one.next)
    assert {row.id for row in [*one.items, *two.items]} == known


def test_erased_patient_is_not_listed(session: Session) -> None:
    known = registered(session)
    erase(session, known.id)
    assert searched(session).items == searched(session, mrn=known.mrn).items == []


def test_search_takes_one_statement(session: Session) -> None:
    _people(session, "Asha Rao", "Asha Nair")
    with statements(session) as sent:
        assert len(searched(session, name="as na").items) == 1
    assert len(sent) == 1


def test_patient_with_two_matching_words_is_listed_once(session: Session) -> None:
    _people(session, "Anna Annabel", "Joanna Ann")
    assert _names(searched(session, name="ann")) == ["Joanna Ann", "Anna Annabel"]


def test_matches_are_listed_by_the_matching_word(session: Session) -> None:
    _people(session, "Asha Raoul", "Zoe Rao", "Ben Rao", "Rania Said", "Rao Rao-Menon")
    assert _pages(session, name="ra") == [["Rania Said", "Zoe Rao"], ["Ben Rao", "Rao Rao-Menon"], ["Asha Raoul"]]


def test_search_by_ids_omits_unknown_and_erased_patients(session: Session) -> None:
    known = [registered(session, email=None, given_name=name) for name in ("Zoe", "Ben", "Asha", "Lea")]
    erase(session, known[3].id)
    ids = [known[0].id, uuid7(), known[2].id, known[3].id, known[0].id]
    assert _names(searched(session, ids=ids)) == ["Asha Rao", "Zoe Rao"]
    assert _names(searched(session, ids=ids, name="zoe")) == ["Zoe Rao"]


def test_search_by_ids_has_pages(session: Session) -> None:
    _people(session, "Asha Rao", "Ben Rao", "Lea Rao", "Zoe Rao")
    ids = [row.id for row in searched(session).items if row.name != "Ben Rao"]
    assert _pages(session, ids=ids) == [["Asha Rao", "Lea Rao"], ["Zoe Rao"]]


def _plan(session: Session, **criteria: Any) -> str:
    """Return the query plan of a search."""
    sent = list[tuple[str, Any]]()

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_others: object) -> None:
        sent.append((statement, values))

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    searched(session, **criteria)
    event.remove(connection, "before_cursor_execute", note)
    [(statement, values)] = sent
    explain = "EXPLAIN" if session.is_postgresql else "EXPLAIN QUERY PLAN"
    return str(connection.exec_driver_sql(f"{explain} {statement}", values).all())


def test_search_by_ids_uses_the_primary_key(fresh: Database) -> None:
    facts = {"name": "Rao", "sex": "other", "revision": 1, "changed_by": 0}
    rows = [{"id": uuid7(), "mrn": str(n), "name_key": f"rao {n:05}", **facts} for n in range(20_000)]
    with fresh.begin() as session:
        for first in range(0, len(rows), 1_000):  # The server ends a transaction that is idle for long.
            session.execute(insert(Patient), rows[first : first + 1_000])
        session.execute(text("ANALYZE patient"))
        plan = _plan(session, ids=[row["id"] for row in rows[::200]])
    assert "using patient_pkey" in plan or "USING INDEX sqlite_autoindex_patient" in plan, plan


def test_patient_reads_own_record(session: Session) -> None:
    known = registered(session)
    assert queries.get_own(session, patient(known.id), GetMyProfile(patient_id=known.id)) is known


def test_patient_cannot_read_another_record(session: Session) -> None:
    known = registered(session)
    with pytest.raises(NotFound):
        queries.get_own(session, patient(), GetMyProfile(patient_id=known.id))


def test_foreign_and_erased_records_are_not_awaited(session: Session) -> None:
    known = registered(session)
    erase(session, known.id)
    for person_id in (known.id, uuid7()):
        with pytest.raises(NotFound) as refused:
            queries.get_own(session, patient(known.id), GetMyProfile(patient_id=person_id))
        assert type(refused.value) is NotFound
