"""Pure rules of medication checks: matching of names, allergies, duplicate therapy and interactions.

A medicine is matched by exact names only. A brand name or a misspelling is unmatched, and never guessed.
"""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import TypeVar

from contracts.clinical.medicines import FindingKind, FindingView, Severity
from contracts.clinical.prescriptions import Route

SEVERE_DELAYED = re.compile(
    r"\b(SJS|TEN|DRESS|AGEP)\b|stevens[- ]johnson|toxic epidermal necrolysis"
    r"|drug (reaction|rash) with eosinophilia|acute generali[sz]ed exanthematous pustulosis"
)
"""Names of severe delayed reactions. The abbreviations are in capitals: "ten" and "dress" are also other words."""
ORDER = list(Severity)
"""The most severe first."""


@dataclass(frozen=True, slots=True)
class Substance:
    """An active substance with its other names and its classes."""

    name: str
    synonyms: tuple[str, ...]
    rxnorm: str
    classes: frozenset[str]

    @property
    def terms(self) -> frozenset[str]:
        """The names that a rule may use for the substance: its own, and its classes."""
        return self.classes | {self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A statement about two substances or classes, in both directions."""

    id: str
    left: str
    right: str
    effect: str
    source: str
    source_ref: str
    reviewed_on: str


P = TypeVar("P", bound=Pair)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction(Pair):
    """Two substances or classes that interact."""

    severity: Severity
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossAllergy(Pair):
    """Two substances or classes that share allergies. No severity: no finding."""

    severity: Severity | None
    after_severe_delayed: Severity | None


@dataclass(frozen=True, slots=True)
class DoseLimit:
    """The highest doses of a substance by a route for a population, per kg of body weight or in all."""

    substance: str
    route: Route
    population: str
    max_single: float | None
    max_daily: float | None
    per_kg: bool
    unit: str
    source: str
    source_ref: str


@dataclass(frozen=True)
class Catalogue:
    """The medicine data, validated."""

    version: str
    reviewed_by: str
    substances: Mapping[str, Substance]
    class_names: Mapping[str, str]
    """Classes by each of their names, for allergies to a class."""
    duplicate_classes: frozenset[str]
    interactions: tuple[Interaction, ...]
    allergies: tuple[CrossAllergy, ...]
    doses: tuple[DoseLimit, ...]

    @cached_property
    def by_name(self) -> Mapping[str, frozenset[str]]:
        """The substances of each name. A name of a combination, such as co-trimoxazole, has several."""
        found: dict[str, frozenset[str]] = {}
        for substance in self.substances.values():
            for name in (substance.name, *substance.synonyms):
                found[name] = found.get(name, frozenset()) | {substance.name}
        return found

    @cached_property
    def interactions_of(self) -> Mapping[frozenset[str], list[Interaction]]:
        """The interactions of two terms, so that a large table costs no more than a small one."""
        return _by_terms(self.interactions)

    @cached_property
    def allergies_of(self) -> Mapping[frozenset[str], list[CrossAllergy]]:
        """The shared allergies of two terms."""
        return _by_terms(self.allergies)

    @cached_property
    def members(self) -> Mapping[str, frozenset[str]]:
        """The substances of each class."""
        found: dict[str, frozenset[str]] = {}
        for substance in self.substances.values():
            for name in substance.classes:
                found[name] = found.get(name, frozenset()) | {substance.name}
        return found


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine of a prescription with its matched substances. `is_new`: it is being prescribed now."""

    text: str
    route: Route
    substances: tuple[Substance, ...]
    is_known: bool
    """Whether each of its parts is matched."""
    is_new: bool = True


@dataclass(frozen=True, slots=True)
class Allergy:
    """An allergy of the patient, to a substance or to a class."""

    substance: str
    reaction: str = ""
    is_severe_delayed: bool = False


def normal(name: str) -> str:
    """Return a name in the form in which names are compared: small letters, single blanks."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def matched(catalogue: Catalogue, text: str, route: Route, *, is_new: bool = True) -> Medicine:
    """Match a medicine by its whole name, else by each part of a combination such as `amoxicillin/clavulanate`."""
    names = [text] if normal(text) in catalogue.by_name else re.split(r"[/+]", text)
    names = [normal(name) for name in names]
    found = [name for part in names for name in sorted(catalogue.by_name.get(part, ()))]
    substances = tuple(catalogue.substances[name] for name in dict.fromkeys(found))
    return Medicine(text, route, substances, all(part in catalogue.by_name for part in names), is_new)


def is_severe_delayed(severity: str | None, timing: str | None, reaction: str | None) -> bool:
    """Return whether a reaction was severe and delayed, or is named as one of SJS, TEN, DRESS and AGEP.

    JAA 2021;14:31 (S242061): patients with such reactions must not get the drug or related drugs again.
    """
    text = reaction or ""
    is_named = SEVERE_DELAYED.search(text) or SEVERE_DELAYED.search(text.casefold())
    return (severity == "severe" and timing == "delayed") or bool(is_named)


def finding(kind: FindingKind, severity: Severity, text: str, source: str) -> FindingView:
    """Return a finding. Its id is a digest of what it says: the same facts have the same id."""
    facts = f"{kind}\x1f{severity}\x1f{text}\x1f{source}"
    digest = hashlib.sha256(facts.encode()).hexdigest()[:20]
    return FindingView(id=digest, kind=kind, severity=severity, text=text, source=source)


def interactions(catalogue: Catalogue, medicines: Collection[Medicine]) -> Iterator[FindingView]:
    """Find interactions of new medicines, between each other, inside a combination, and with the other medicines."""
    for one, other in _pairs(medicines):
        for row in _rows(catalogue.interactions_of, one, other):
            text = f"{one.name} with {other.name}: {row.effect} {row.advice}"
            yield finding(FindingKind.INTERACTION, row.severity, text, cited(row))


def cited(row: Pair | DoseLimit) -> str:
    """Return the source of a row with its place."""
    return f"{row.source}: {row.source_ref}"


def _pairs(medicines: Collection[Medicine]) -> set[tuple[Substance, Substance]]:
    """Return the pairs of different substances of which at least one is new, in the order of their names."""
    new = {substance for medicine in medicines if medicine.is_new for substance in medicine.substances}
    others = {substance for medicine in medicines for substance in medicine.substances}
    pairs = {tuple(sorted(pair, key=lambda substance: substance.name)) for pair in product(new, others)}
    return {(one, other) for one, other in pairs if one.name != other.name}


def _by_terms(rows: Iterable[P]) -> Mapping[frozenset[str], list[P]]:
    found: dict[frozenset[str], list[P]] = {}
    for row in rows:
        found.setdefault(frozenset({row.left, row.right}), []).append(row)
    return found


def _rows(table: Mapping[frozenset[str], list[P]], one: Substance, other: Substance) -> list[P]:
    """Return the rows about two substances, in both directions."""
    pairs = dict.fromkeys(frozenset(pair) for pair in product(sorted(one.terms), sorted(other.terms)))
    return [row for pair in pairs for row in table.get(pair, ())]


def duplicates(catalogue: Catalogue, medicines: Collection[Medicine]) -> Iterator[FindingView]:
    """Find the same substance twice, and two substances of one class that the data lists for this purpose."""
    for one, other in combinations(medicines, 2):
        if one.is_new or other.is_new:
            yield from _same_substance(one, other)
            yield from _same_class(catalogue, one, other)


def _same_substance(one: Medicine, other: Medicine) -> Iterator[FindingView]:
    severity = Severity.SERIOUS if one.route == other.route else Severity.CAUTION
    for name in sorted({s.name for s in one.substances} & {s.name for s in other.substances}):
        text = f"{name} twice: {_where(one)} and {_where(other)}."
        yield finding(FindingKind.DUPLICATE, severity, text, "Matron: same substance")


def _same_class(catalogue: Catalogue, one: Medicine, other: Medicine) -> Iterator[FindingView]:
    for left, right in product(one.substances, other.substances):
        shared = left.classes & right.classes & catalogue.duplicate_classes
        if left.name != right.name and shared:
            names = " and ".join(sorted((left.name, right.name)))
            text = f"{names} belong to the same class: {', '.join(sorted(shared))}."
            yield finding(FindingKind.DUPLICATE, Severity.CAUTION, text, "Matron: same class")


def _where(medicine: Medicine) -> str:
    return f"{medicine.text} ({'prescribed now' if medicine.is_new else 'active prescription'})"


def allergies(catalogue: Catalogue, medicines: Iterable[Medicine], known: Collection[Allergy]) -> Iterator[FindingView]:
    """Find new medicines that the patient may be allergic to."""
    new = {substance.name: substance for medicine in medicines if medicine.is_new for substance in medicine.substances}
    for allergy, name in product(known, sorted(new)):
        for allergen in allergens(catalogue, allergy.substance) or ():
            yield from _allergy(catalogue, allergy, allergen, new[name])


def allergens(catalogue: Catalogue, name: str) -> list[Substance] | None:
    """Return the allergens of this name: substances, or a class; None if the data does not know it.

    A class has the terms of its subclasses and superclasses too. So an allergy to penicillins counts as one to
    aminopenicillins.
    """
    named = catalogue.by_name.get(normal(name))
    if named is not None:
        return [catalogue.substances[each] for each in sorted(named)]
    group = catalogue.class_names.get(normal(name))
    if group is None:
        return None
    inside = catalogue.members[group]
    related = {other for other, members in catalogue.members.items() if members <= inside or inside <= members}
    return [Substance(group, (), "", frozenset(related))]


def _allergy(
    catalogue: Catalogue, allergy: Allergy, allergen: Substance, substance: Substance
) -> Iterator[FindingView]:
    """Find what the allergen means for a substance. Of several rows the most specific one counts."""
    about = f"{substance.name}, with an allergy to {allergy.substance}"
    about += f" ({allergy.reaction})" if allergy.reaction else ""
    if allergen.name in substance.terms:
        text = f"{about}: {'the same substance' if allergen.name == substance.name else 'a member of this class'}."
        yield finding(FindingKind.ALLERGY, Severity.CONTRAINDICATED, text, "Matron: recorded allergy")
        return
    rows = _rows(catalogue.allergies_of, allergen, substance)
    if not rows:
        return
    best = min(rows, key=lambda row: _rank(catalogue, row, allergy))
    severity = _severity(best, allergy)
    if severity is not None:
        yield finding(FindingKind.ALLERGY, severity, f"{about}: {best.effect}", cited(best))


def _severity(row: CrossAllergy, allergy: Allergy) -> Severity | None:
    return row.after_severe_delayed if allergy.is_severe_delayed else row.severity


def _rank(catalogue: Catalogue, row: CrossAllergy, allergy: Allergy) -> tuple[int, int, str]:
    """Return the order of a row: the row that names more substances, then the more severe one, is first."""
    substances = sum(term in catalogue.substances for term in {row.left, row.right})
    severity = _severity(row, allergy)
    return -substances, len(ORDER) if severity is None else ORDER.index(severity), row.id
