"""Notify people about events. Events without a rule of their own use `notifies`."""

from collections.abc import Callable, Collection

from chassis.event import Event
from chassis.identity import Actor
from chassis.persistence.database import Session
from contracts.clinical.critical_alerts import CriticalEscalated, CriticalStep
from contracts.clinical.inventory.events import StockExpiring, StockLow
from contracts.clinical.prescriptions import PrescriptionDiscontinued
from contracts.clinical.records import RecordAdded, RecordKind
from contracts.clinical.refills import RefillDecided, RefillRequested
from contracts.clinical.vitals import PatientDeteriorating
from contracts.notify.notifications import NotificationKind
from contracts.scheduling.appointments.events import AppointmentBooked, AppointmentCancelled, AppointmentRescheduled
from contracts.scheduling.shifts.swaps import SwapAnswered, SwapDecided
from contracts.scheduling.tasks import TaskClosed
from services.notify.directory import admins
from services.notify.notifications.commands import notify, notify_people

MOVED = frozenset({"status", "doctor_id", "starts_at", "ends_at"})
"""A change of one of these facts counts as a rescheduled appointment."""


def notifies(*recipients: str) -> Callable[[Session, Actor, Event], None]:
    """Return a handler that notifies the people in these fields of an event, such as `patient_id`."""

    def on_event(session: Session, actor: Actor, event: Event) -> None:
        """Notify the people that the event names, each once."""
        notify(session, actor, event, *recipients)

    return on_event


def on_appointment_booked(session: Session, actor: Actor, event: AppointmentBooked) -> None:
    """Notify the patient, and the doctor of a booking by the desk: doctors know their own bookings."""
    notify(session, actor, event, "patient_id")
    if event.by == "desk":
        notify(session, actor, event, "doctor_id", kind=NotificationKind.APPOINTMENT_GIVEN)


def on_appointment_rescheduled(session: Session, actor: Actor, event: AppointmentRescheduled) -> None:
    """Notify the patient, and the doctor unless the doctor made the change. A new reason alone is not announced.

    The former doctor learns only of the loss, not of the new time or place.
    """
    kind = _kind(event.changed, event.status)
    if kind is not None:
        recipients = ("patient_id",) if event.by == "doctor" else ("patient_id", "doctor_id")
        notify(session, actor, event, *recipients, kind=kind)
    notify(session, actor, event, "former_doctor_id", kind=NotificationKind.APPOINTMENT_GIVEN_AWAY)


def _kind(changed: Collection[str], status: str) -> NotificationKind | None:
    """Return the kind of the notification, or None for a change that is not worth one.

    Older events have no `changed`. A displaced appointment has no place before it has a time.
    """
    if not changed or not MOVED.isdisjoint(changed):
        return NotificationKind.APPOINTMENT_RESCHEDULED
    return NotificationKind.APPOINTMENT_RELOCATED if "place" in changed and status != "displaced" else None


def on_appointment_cancelled(session: Session, actor: Actor, event: AppointmentCancelled) -> None:
    """Notify the doctor, and the patient unless the event says that the patient has died."""
    recipients = ("patient_id", "doctor_id") if event.tell_patient else ("doctor_id",)
    notify(session, actor, event, *recipients)


def on_swap_answered(session: Session, actor: Actor, event: SwapAnswered) -> None:
    """Notify the asking person of the answer, or the asked person of the withdrawal."""
    notify(session, actor, event, "asked_of" if event.status == "withdrawn" else "asked_by")


def on_swap_decided(session: Session, actor: Actor, event: SwapDecided) -> None:
    """Notify both people of a refusal. After an approval `shift_changed` notifies them."""
    if event.status == "refused":
        notify(session, actor, event, "asked_by", "asked_of")


def on_task_closed(session: Session, actor: Actor, event: TaskClosed) -> None:
    """Notify the owner of a cancelled task; for other outcomes, the person who assigned the task."""
    notify(session, actor, event, "owner_id" if event.status == "cancelled" else "given_by")


def on_record_added(session: Session, actor: Actor, event: RecordAdded) -> None:
    """Notify the patient of a new or corrected record. Nursing notes are not announced."""
    if event.kind != RecordKind.NURSING_NOTE:
        notify(session, actor, event, "patient_id")


def on_patient_deteriorating(session: Session, _actor: Actor, event: PatientDeteriorating) -> None:
    """Notify the treating doctors and the nurses on shift, as the event lists them."""
    notify_people(session, event, event.recipient_ids, "staff")


def on_stock_alert(session: Session, _actor: Actor, event: StockLow | StockExpiring) -> None:
    """Notify the pharmacists, as the event lists them, and all admins."""
    notify_people(session, event, [*event.recipient_ids, *admins.admins(session)], "pharmacist")


def notifies_admins(session: Session, _actor: Actor, event: Event) -> None:
    """Notify all admins."""
    notify_people(session, event, admins.admins(session), "admin")


def on_critical_escalated(session: Session, actor: Actor, event: CriticalEscalated) -> None:
    """Notify the doctors that the event names, or all admins at the last step."""
    if event.step == CriticalStep.ADMINS:
        notifies_admins(session, actor, event)
    else:
        notify_people(session, event, event.recipient_ids, "doctor")


def on_prescription_discontinued(session: Session, actor: Actor, event: PrescriptionDiscontinued) -> None:
    """Notify the patient, and the prescriber if a colleague has ended the prescription."""
    is_own = event.discontinued_by == event.doctor_id
    notify(session, actor, event, "patient_id", *(() if is_own else ("doctor_id",)))


def on_refill_requested(session: Session, _actor: Actor, event: RefillRequested) -> None:
    """Notify the doctors who decide about the request."""
    notify_people(session, event, event.recipient_ids, "doctor")


def on_refill_decided(session: Session, actor: Actor, event: RefillDecided) -> None:
    """Notify the patient, and the doctors of a request that expired without a decision."""
    notify(session, actor, event, "patient_id")
    notify_people(session, event, event.recipient_ids, "doctor")
