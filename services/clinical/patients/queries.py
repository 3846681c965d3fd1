"""Find and read patients."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from sqlalchemy import ColumnElement, and_, exists, false, select, true
from sqlalchemy.orm import aliased

from chassis.contract import Page
from chassis.identity import Actor
from chassis.persistence.database import Session
from chassis.persistence.listing import page
from contracts.clinical.patients import GetMyProfile, GetPatient, SearchPatients
from contracts.refusals import NO_SUCH_PATIENT
from services.clinical.models.patients import Patient, PatientWord
from services.clinical.patients import registry, rules

FOUND = (Patient.id, Patient.mrn, Patient.name, Patient.birth_date, Patient.sex, Patient.phone, Patient.name_key)
LAST_CHARACTER = "\U0010ffff"
"""The last character of Unicode: the words with the beginning `an` are between `an` and `an` plus this character."""


def search(session: Session, _actor: Actor, query: SearchPatients) -> Page:
    """Search patients by all given criteria, ordered by name.

    With `name` the order is that of the matching word: Rao comes before Raoul, and a page costs the same among a
    million patients.
    """
    statement = select(*FOUND).where(Patient.erased_at.is_(None))
    if query.ids is not None:
        statement = statement.where(Patient.id.in_(query.ids))
    if query.mrn is not None:
        statement = statement.where(Patient.mrn == rules.read_mrn(query.mrn))
    if query.birth_date is not None:
        statement = statement.where(Patient.birth_date == query.birth_date)
    if query.name is None:
        keys = Patient.name_key, Patient.id
        return page(session, statement, keys, limit=query.limit, cursor=query.cursor, newest_first=False)
    keys = PatientWord.word, PatientWord.patient_id
    named = statement.add_columns(*keys).join(PatientWord, PatientWord.patient_id == Patient.id)
    named = named.where(*_begin_the_name(rules.words_of(query.name)))
    return page(session, named, keys, limit=query.limit, cursor=query.cursor, newest_first=False)


def _begin_the_name(words: set[str]) -> Iterator[ColumnElement[bool]]:
    """Yield the conditions that each of these words begins a word of the name. The longest word orders the results.

    Each patient appears once, by the first word of the name that matches the longest one.
    """
    first, *others = sorted(words, key=lambda word: (-len(word), word))
    yield _begins(PatientWord, first)
    earlier = aliased(PatientWord)
    is_second = exists().where(earlier.patient_id == PatientWord.patient_id, earlier.word < PatientWord.word)
    yield ~is_second.where(earlier.word >= first)
    for word in others:
        other = aliased(PatientWord)
        yield exists().where(other.patient_id == PatientWord.patient_id, _begins(other, word))


def has_words(words: AbstractSet[str]) -> ColumnElement[bool]:
    """Return the condition that each of these words begins a word of the patient's name."""
    found = [aliased(PatientWord) for _word in words]
    return and_(
        false() if not words else true(),
        *(
            exists().where(one.patient_id == Patient.id, _begins(one, word))
            for one, word in zip(found, words, strict=True)
        ),
    )


def _begins(words: type[PatientWord], beginning: str) -> ColumnElement[bool]:
    """Compare by a range, which uses the index on every database. LIKE does not."""
    return words.word.between(beginning, beginning + LAST_CHARACTER)


def get(session: Session, _actor: Actor, query: GetPatient) -> Patient:
    """Get a patient's demographics for the desk or a nurse."""
    return registry.find(session, query.patient_id)


def get_own(session: Session, actor: Actor, query: GetMyProfile) -> Patient:
    """Get the patient's own demographics."""
    actor.may_act_for(query.patient_id)
    return registry.find(session, query.patient_id, unknown=NO_SUCH_PATIENT.not_yet)
