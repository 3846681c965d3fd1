"""Checks of medicines before they are prescribed or dispensed, and the record of each check.

The order of use in a command:

    checks = must_be_answered(check(session, patient_id, lines, replaces=...), answers)
    ... write the prescription or the dispense ...
    keep(session, actor, Checked(patient_id, CheckOccasion.DISPENSE, dispense.id), checks)

`check` locks the patient, so that two doctors who prescribe at once see each other's medicines.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from uuid_utils.compat import uuid7

from chassis import clock
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.medicines import (
    BLOCKING,
    MEDICATION_FINDINGS,
    MEDICATION_UNCHECKED,
    AllergyStatement,
    CheckOccasion,
    ChecksView,
    DataState,
    FindingKind,
    FindingView,
    Gap,
    GapView,
    MatchView,
    OverrideKind,
    OverrideView,
    Severity,
)
from contracts.clinical.prescriptions import PrescriptionItemView, Route
from services.clinical.medicines import dataset, doses, facts, rules
from services.clinical.medicines.dataset import Data
from services.clinical.medicines.doses import Dose
from services.clinical.medicines.facts import Facts
from services.clinical.medicines.rules import Catalogue, Medicine
from services.clinical.models.medicines import MedicationCheck, MedicationFinding
from services.clinical.models.prescriptions import PrescriptionItem


@dataclass(frozen=True, slots=True)
class Line:
    """One medicine to be checked."""

    medicine: str
    route: Route
    dose: Dose


@dataclass(frozen=True, slots=True)
class Answers:
    """The doctor's answers to the findings, and the reason to go on without usable data."""

    overrides: Sequence[OverrideView] = ()
    unchecked_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """The checked record: a prescription or a dispense of a patient."""

    patient_id: UUID
    occasion: CheckOccasion
    record_id: UUID


def line_of(item: PrescriptionItemView) -> Line:
    """Return the line of an item of a command."""
    return Line(item.medicine, item.route, Dose(item.dose.value, item.dose.unit, item.frequency))


def line_of_row(item: PrescriptionItem) -> Line:
    """Return the line of an item of a prescription."""
    return Line(item.medicine, Route(item.route), Dose(item.dose_value, item.dose_unit, item.frequency))


def check(
    session: Session, patient_id: UUID, lines: Collection[Line], *, replaces: Collection[UUID] = ()
) -> ChecksView:
    """Check medicines against each other, the patient's other active prescriptions, allergies, age and weight.

    `replaces` are prescriptions that do not count: those that end with this one, and the one that is dispensed.
    """
    session.lock_people(patient_id)
    data = dataset.current()
    if data.catalogue is None:
        return _unchecked(data)
    return _checked(data, data.catalogue, lines, facts.of(session, patient_id, replaces))


def must_be_answered(checks: ChecksView, answers: Answers) -> ChecksView:
    """Return the checks with the doctor's reasons. Refuses findings without an answer, and unusable data."""
    if checks.data_state is not DataState.USABLE:
        if answers.unchecked_reason is None:
            raise MEDICATION_UNCHECKED(state=checks.data_state, checks=ChecksView.dumper()(checks))
        checks.unchecked_reason = answers.unchecked_reason
    reasons = {answer.finding: answer.reason for answer in answers.overrides}
    for finding in checks.findings:
        finding.override_reason = reasons.get(finding.id)
    if any(finding.severity in BLOCKING and finding.override_reason is None for finding in checks.findings):
        shown = ChecksView.dumper()(checks)
        raise MEDICATION_FINDINGS(findings=shown["findings"], checks=shown)
    return checks


def keep(session: Session, actor: Actor, checked: Checked, checks: ChecksView) -> None:
    """Keep a check with the texts of its findings as they were shown, and with the doctor's reasons."""
    check_id = uuid7()
    shown = ChecksView.dumper()(checks)
    kept = ("allergies", "checked", "unmatched", "matched", "not_checked", "notices")
    session.append(
        MedicationCheck,
        id=check_id,
        patient_id=checked.patient_id,
        occasion=checked.occasion,
        record_id=checked.record_id,
        data_state=checks.data_state,
        data_version=checks.data_version,
        reviewed_by=checks.reviewed_by,
        details={name: shown[name] for name in kept},
        author_id=actor.person,
        at=clock.now(),
    )
    for row in _rows(checks):
        session.append(MedicationFinding, id=uuid7(), check_id=check_id, **row)


def _rows(checks: ChecksView) -> list[dict[str, str | None]]:
    """Return the findings as rows. Going on without a check is a row too, so that it is listed for review."""
    rows = [
        {
            "finding": finding.id,
            "kind": finding.kind,
            "severity": finding.severity,
            "text": finding.text,
            "source": finding.source,
            "override_reason": finding.override_reason,
        }
        for finding in checks.findings
    ]
    if checks.unchecked_reason is not None:
        rows.append(
            {
                "finding": OverrideKind.UNCHECKED.value,
                "kind": OverrideKind.UNCHECKED,
                "severity": Severity.SERIOUS,
                "text": " ".join(checks.notices),
                "source": "",
                "override_reason": checks.unchecked_reason,
            }
        )
    return rows


def _unchecked(data: Data) -> ChecksView:
    gaps = [_gap(kind, None, Gap.NO_DATA, f"the medicine data is {data.state}") for kind in FindingKind]
    return _view(data, AllergyStatement.UNKNOWN, not_checked=gaps)


def _checked(data: Data, catalogue: Catalogue, lines: Collection[Line], known: Facts) -> ChecksView:
    new = [rules.matched(catalogue, line.medicine, line.route) for line in lines]
    old = [rules.matched(catalogue, line.medicine, line.route, is_new=False) for line in known.active]
    all_of_them = [*new, *old]
    dosed = [
        found
        for medicine, line in zip(new, lines, strict=True)
        for found in doses.check(catalogue, medicine, line.dose, known.body)
    ]
    findings = [
        *rules.allergies(catalogue, new, known.allergies),
        *rules.interactions(catalogue, all_of_them),
        *rules.duplicates(catalogue, all_of_them),
        *(found for found in dosed if isinstance(found, FindingView)),
    ]
    gaps = [*_allergy_gaps(catalogue, known), *(found for found in dosed if isinstance(found, GapView))]
    return _view(data, known.statement, medicines=all_of_them, findings=_sorted(findings), not_checked=gaps)


def _view(
    data: Data,
    statement: AllergyStatement,
    *,
    medicines: Sequence[Medicine] = (),
    findings: Sequence[FindingView] = (),
    not_checked: Sequence[GapView] = (),
) -> ChecksView:
    skipped = {gap.check for gap in not_checked if gap.subject is None}
    return ChecksView(
        data_version=data.version,
        data_state=data.state,
        reviewed_by=data.reviewed_by,
        notices=data.notices(),
        allergies=statement,
        checked=[kind for kind in FindingKind if kind not in skipped],
        findings=list(findings),
        unmatched=list(dict.fromkeys(medicine.text for medicine in medicines if not medicine.is_known)),
        matched=[MatchView(medicine=m.text, substances=[s.name for s in m.substances]) for m in medicines if m.is_new],
        not_checked=list(not_checked),
    )


def _allergy_gaps(catalogue: Catalogue, known: Facts) -> list[GapView]:
    if known.statement is AllergyStatement.UNKNOWN:
        return [_gap(FindingKind.ALLERGY, None, Gap.ALLERGIES_UNKNOWN, "the chart has no statement about allergies")]
    return [
        _gap(FindingKind.ALLERGY, each.substance, Gap.UNKNOWN_ALLERGEN, f"the data does not know {each.substance!r}")
        for each in known.allergies
        if rules.allergens(catalogue, each.substance) is None
    ]


def _gap(kind: FindingKind, subject: str | None, reason: Gap, text: str) -> GapView:
    return GapView(check=kind, subject=subject, reason=reason, text=f"Not checked ({kind}): {text}.")


def _sorted(findings: Iterable[FindingView]) -> list[FindingView]:
    """Return different findings, the most severe first."""
    different = {finding.id: finding for finding in findings}
    return sorted(different.values(), key=lambda finding: (rules.ORDER.index(finding.severity), finding.text))
