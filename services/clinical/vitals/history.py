"""The entries of vital signs in a patient's history."""

from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.history import HistoryKind
from contracts.clinical.vitals import VitalSign, VitalsStatus
from services.clinical.history import entries
from services.clinical.history.entries import Entry
from services.clinical.models.vitals import Vitals

TITLES = {
    VitalsStatus.FINAL: "Vital signs",
    VitalsStatus.ENTERED_IN_ERROR: "Vital signs, entered in error",
}


def write(session: Session, actor: Actor, reading: Vitals) -> None:
    """Write the entry of a version. `details` have the measured values, in the units of the contract."""
    status = VitalsStatus(reading.status)
    details = {"status": status, "measured_at": reading.measured_at.isoformat(), **_values(reading)}
    details |= {"abnormal": reading.abnormal, "news2": _news2(reading)}
    if reading.reason is not None:
        details["reason"] = reading.reason
    entry = Entry(reading.patient_id, HistoryKind.VITALS, reading.id, TITLES[status], details, reading.version)
    entries.record(session, actor, entry)


def _values(reading: Vitals) -> dict[str, object]:
    values = {str(sign): getattr(reading, sign) for sign in VitalSign}
    return {name: value for name, value in values.items() if value is not None}


def _news2(reading: Vitals) -> dict[str, object]:
    return {"score": reading.score, "level": reading.level, "status": reading.news2_status, "scale": reading.scale}
