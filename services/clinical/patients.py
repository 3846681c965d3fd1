"""Patients: registered at the desk, or copied from the account that they opened alone; found, read and corrected."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, exists, insert, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased
from uuid_utils.compat import uuid7

from chassis import clock, config
from chassis.contract import Command, Page, View
from chassis.errors import NotFound
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.erasure import erase_traces
from chassis.persistence.paging import page
from contracts.auth.events import UserErased
from contracts.clinical.patients import (
    ADDRESS_OF_ACCOUNT,
    PROBABLE_DUPLICATE,
    CorrectPatient,
    GetMyProfile,
    GetPatient,
    PatientIdentityChanged,
    PatientRegistered,
    PatientUpdated,
    PatientVitalStatusChanged,
    RegisterPatientAtDesk,
    SearchPatients,
    UpdateMyProfile,
)
from contracts.refusals import NO_SUCH_PATIENT
from services.clinical import rules
from services.clinical.models.patients import Patient, PatientWord, RecordNumber

FOUND = (Patient.id, Patient.mrn, Patient.name, Patient.birth_date, Patient.sex, Patient.phone, Patient.name_key)
PARTS = ("given_name", "family_name")
MOST_DOUBLES = 20
"""How many ids a refusal names: more than that share an address only when it is nobody's own."""
AFTER_ALL = "\U0010ffff"
"""The last character there is: the words that begin with `an` are those from `an` to `an` and this."""


def register(session: Session, _actor: Actor, command: RegisterPatientAtDesk) -> Patient:
    """Open the record of somebody who stands at the desk."""
    rules.check_birth(command.birth_date, _today())
    name = rules.full_name(command.given_name, command.family_name)
    doubles = _doubles(session, name, command.birth_date, command.email)
    if doubles and not command.confirmed_new:
        raise PROBABLE_DUPLICATE(patient_ids=[str(double) for double in doubles])
    patient = _blank(session, uuid7())
    session.add(patient)
    patient.change(_facts_of(command, *PARTS, "confirmed_new"))
    rename(session, patient, name, command.given_name, command.family_name)
    session.publish(PatientRegistered(**patient.contact()))
    session.publish(PatientIdentityChanged(**patient.identity()))
    return patient


def _facts_of(command: Command, *others: str) -> dict[str, Any]:
    """The columns that a command gives: its fields but the patient and the `others`, their parts as plain JSON."""
    given = {name: value for name, value in command.given().items() if name not in ("patient_id", *others)}
    return {name: value.given() if isinstance(value, View) else value for name, value in given.items()}


def _doubles(session: Session, name: str, birth_date: date, email: str | None) -> list[UUID]:
    """Who may be the same person, by name and birth date or by address.

    Of two who register one person at the same moment, the second waits here for the first.
    """
    key = rules.email_key(email) if email else None
    texts = [f"{birth_date} {' '.join(sorted(rules.words_of(name)))}", *([key] if key else [])]
    session.lock(*(_number(text) for text in texts))
    same = [Patient.birth_date == birth_date, *([Patient.email_key == key] if key else [])]
    # One after the other, not with OR, so that each is found by its own index.
    queries = [select(Patient.id, Patient.name, Patient.email_key).where(condition) for condition in same]
    rows = {row.id: row for row in session.execute(union_all(*queries))}.values()
    found = [row.id for row in rows if (key and row.email_key == key) or rules.same_name(row.name, name)]
    return sorted(found)[:MOST_DOUBLES]


def _number(text: str) -> int:
    """A number for a lock that two texts hardly ever share."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)


def _today() -> date:
    """The day that the hospital's clocks show."""
    return clock.now().astimezone(config.current().hospital_timezone).date()


def _blank(session: Session, patient_id: UUID) -> Patient:
    """A patient of whom nothing is known yet, with a record number that nobody else ever gets."""
    given = insert(RecordNumber).values(patient_id=patient_id).returning(RecordNumber.number)
    number = session.execute(given).scalar_one()
    return Patient(id=patient_id, mrn=rules.mrn(number), name="", name_key="", sex="unknown", revision=1, changed_by=0)


def rename(session: Session, patient: Patient, name: str, given_name: str | None, family_name: str | None) -> None:
    """Give the patient this name, and have it found by each of its words."""
    has_words = bool(patient.name)
    patient.name, patient.name_key = name, rules.name_key(name)
    patient.given_name, patient.family_name = given_name, family_name
    session.flush()
    if has_words:
        session.execute(delete(PatientWord).where(PatientWord.patient_id == patient.id))
    words = [{"patient_id": patient.id, "word": word} for word in sorted(rules.words_of(name))]
    if words:  # A name may be blank: that of an account which was opened before such names were refused.
        session.execute(insert(PatientWord), words)


def search(session: Session, _actor: Actor, query: SearchPatients) -> Page:
    """Patients by all of what is given.

    In order of their names; those found by name in order of the word that was looked for, so that Rao is before Raoul,
    and so that a page costs the same however many there are.
    """
    statement, keys = select(*FOUND).where(Patient.erased_at.is_(None)), (Patient.name_key, Patient.id)
    if query.ids is not None:
        statement = statement.where(Patient.id.in_(query.ids))
    if query.mrn is not None:
        statement = statement.where(Patient.mrn == rules.read_mrn(query.mrn))
    if query.birth_date is not None:
        statement = statement.where(Patient.birth_date == query.birth_date)
    if query.name is not None:
        statement, keys = _named(statement, rules.words_of(query.name)), (PatientWord.word, PatientWord.patient_id)
    return page(session, statement, keys, limit=query.limit, cursor=query.cursor, newest_first=False)


def _named(query: Select[*tuple[Any, ...]], words: set[str]) -> Select[*tuple[Any, ...]]:
    """Those whose names have a word that begins so, for each of these words; each patient once, by the longest."""
    first, *others = sorted(words, key=lambda word: (-len(word), word))
    query = query.add_columns(PatientWord.word, PatientWord.patient_id)
    query = query.join(PatientWord, PatientWord.patient_id == Patient.id).where(_begins(PatientWord, first))
    earlier = aliased(PatientWord)
    is_second = exists().where(earlier.patient_id == PatientWord.patient_id, earlier.word < PatientWord.word)
    query = query.where(~is_second.where(earlier.word >= first))
    for word in others:
        other = aliased(PatientWord)
        query = query.where(exists().where(other.patient_id == PatientWord.patient_id, _begins(other, word)))
    return query


def _begins(words: type[PatientWord], beginning: str) -> ColumnElement[bool]:
    """A range of the index, which LIKE would not be on every database."""
    return words.word.between(beginning, beginning + AFTER_ALL)


def get(session: Session, _actor: Actor, query: GetPatient) -> Patient:
    """A patient's demographics, for the desk."""
    return _known(session, query.patient_id)


def own(session: Session, actor: Actor, query: GetMyProfile) -> Patient:
    """One's own demographics."""
    actor.may_act_for(query.patient_id)
    return _known(session, query.patient_id, unknown=NO_SUCH_PATIENT.not_yet)


def _known(
    session: Session, patient_id: UUID, *, lock: bool = False, unknown: Callable[[], NotFound] = NO_SUCH_PATIENT
) -> Patient:
    patient = session.get(Patient, patient_id, with_for_update=lock or None)
    if patient is None or patient.erased_at is not None:
        raise unknown() if patient is None else NO_SUCH_PATIENT()
    return patient


def correct(session: Session, _actor: Actor, command: CorrectPatient) -> Patient:
    """Change what the desk knows. Stale."""
    patient = _known(session, command.patient_id, lock=True)
    session.call.expects(patient.revision)
    changes = _facts_of(command)
    if patient.changed_by and changes.get("email", patient.email) != patient.email:
        raise ADDRESS_OF_ACCOUNT()
    _check_life(changes.get("birth_date", patient.birth_date), changes.get("deceased_at", patient.deceased_at))
    return _changed(session, patient, changes)


def update_own(session: Session, actor: Actor, command: UpdateMyProfile) -> Patient:
    """Change how one is reached: phone, address, emergency contact. Stale."""
    actor.may_act_for(command.patient_id)
    patient = _known(session, command.patient_id, lock=True, unknown=NO_SUCH_PATIENT.not_yet)
    session.call.expects(patient.revision)
    return _changed(session, patient, _facts_of(command))


def _check_life(birth_date: date | None, deceased_at: datetime | None) -> None:
    if birth_date is not None:
        rules.check_birth(birth_date, _today())
    if deceased_at is not None:
        rules.check_death(deceased_at, birth_date, clock.now())


def _changed(session: Session, patient: Patient, changes: dict[str, Any]) -> Patient:
    """The patient after these changes, if any of them says something new; the others hear of a new contact fact."""
    before, identity = patient.contact(), patient.identity()
    differing = {name: value for name, value in changes.items() if getattr(patient, name) != value}
    if not differing:
        return patient
    patient.change({name: value for name, value in differing.items() if name not in PARTS})
    if differing.keys() & set(PARTS):
        given_name, family_name = (changes.get(part, getattr(patient, part)) for part in PARTS)
        if family_name is None:
            raise rules.wrong("family_name", "Missing data for required field.")
        rename(session, patient, rules.full_name(given_name, family_name), given_name, family_name)
    patient.revision += 1
    if patient.contact() != before:
        session.publish(PatientUpdated(**patient.contact()))
    if patient.identity() != identity:
        session.publish(PatientIdentityChanged(**patient.identity()))
    if "deceased_at" in differing:
        event = PatientVitalStatusChanged(
            patient_id=patient.id, deceased_at=patient.deceased_at, revision=patient.revision
        )
        session.publish(event)
    return patient


def forget(session: Session, _actor: Actor, event: UserErased) -> None:
    """Destroy what says who this is, and leave a tombstone that no late event fills again."""
    patient = held(session, event.user_id)
    patient.forget(clock.now())
    session.execute(delete(PatientWord).where(PatientWord.patient_id == event.user_id))
    erase_traces(session, event.user_id)


def held(session: Session, patient_id: UUID) -> Patient:
    """The patient's row, locked; a blank one when there is none, since events come in any order."""
    patient = session.get(Patient, patient_id, with_for_update=True)
    if patient is None:
        new = postgresql.insert if session.is_postgresql else sqlite.insert
        blank = _blank(session, patient_id)
        values = {name: value for name, value in vars(blank).items() if not name.startswith("_")}
        session.execute(new(Patient).values(values).on_conflict_do_nothing(index_elements=["id"]))
        patient = session.get_one(Patient, patient_id, with_for_update=True)
    return patient
