"""Tags group the operations of the OpenAPI document by noun. The noun of a contract decides its tag."""

from collections.abc import Mapping
from enum import StrEnum
from types import ModuleType

from chassis.contract import Command
from contracts import audit
from contracts.auth import accounts, mfa, sessions, upgrades
from contracts.billing import (
    cash_drawer,
    corrections,
    held_charges,
    invoices,
    odd_payments,
    papers,
    pay_links,
    payments,
    prices,
    reconciliation,
    refunds,
    statements,
)
from contracts.clinical import (
    allergies,
    assignments,
    attachments,
    break_glass,
    charts,
    conditions,
    critical_alerts,
    critical_limits,
    dispenses,
    history,
    inventory,
    lab_catalogue,
    labs,
    medicines,
    observations,
    oxygen_targets,
    patients,
    prescriptions,
    records,
    refills,
    vitals,
)
from contracts.notify import notifications
from contracts.scheduling import appointments, availability, calendar_feed, shifts, tasks


class Tag(StrEnum):
    """The tags, in the order in which a reader looks for them."""

    ACCOUNTS = "Accounts"
    SESSIONS = "Sessions"
    SECOND_FACTOR = "Second factor"
    ROLE_REQUESTS = "Role requests"
    DOCTORS = "Doctors and slots"
    APPOINTMENTS = "Appointments"
    CALENDAR = "Calendar feed"
    PATIENTS = "Patients"
    CARE = "Care of patients"
    CHARTS = "Charts"
    RECORDS = "Records"
    ALLERGIES = "Allergies"
    CONDITIONS = "Conditions"
    VITALS = "Vital signs"
    ATTACHMENTS = "Attachments"
    PRESCRIPTIONS = "Prescriptions"
    REFILLS = "Refills"
    DISPENSES = "Dispenses"
    INVENTORY = "Inventory"
    LABORATORY = "Laboratory"
    PRICES = "Prices"
    INVOICES = "Invoices"
    PAYMENTS = "Payments"
    NOTIFICATIONS = "Notifications"
    SHIFTS = "Shifts"
    TASKS = "Tasks"
    AUDIT = "Audit"
    SYSTEM = "System"


DESCRIPTIONS: Mapping[Tag, str] = {
    Tag.ACCOUNTS: "Register, verify an e-mail address, reset a password, edit a profile, and administer accounts.",
    Tag.SESSIONS: "Log in, refresh tokens, log out, and list or end the sessions of an account.",
    Tag.SECOND_FACTOR: "Set up, renew and remove the codes of an authenticator app.",
    Tag.ROLE_REQUESTS: "Request a role such as doctor or nurse; an admin approves or rejects the request.",
    Tag.DOCTORS: "Find a doctor and a free slot, and keep weekly hours and time off.",
    Tag.APPOINTMENTS: "Book, accept, reschedule and cancel appointments, and record how each visit went.",
    Tag.CALENDAR: "Subscribe to appointments and shifts in a calendar program.",
    Tag.PATIENTS: "Register, find and correct patients at the desk; patients edit their own contact data.",
    Tag.CARE: "Give doctors the care of patients; open charts in an emergency, and review such accesses.",
    Tag.CHARTS: "Read charts and histories of patients; patients read their own, and who opened their chart.",
    Tag.RECORDS: "Write diagnoses, treatments, procedures and nursing notes, and read all their versions.",
    Tag.ALLERGIES: "Record allergies, or that a patient has no known allergies, and read all their versions.",
    Tag.CONDITIONS: "Record conditions of patients, resolve them, and read all their versions.",
    Tag.VITALS: "Record vital signs with their NEWS2, and see which patients are due for observation.",
    Tag.ATTACHMENTS: "Add files to a patient's chart, download and archive them.",
    Tag.INVENTORY: "Keep medicines in stock by batches, and equipment; list alerts, and who got medicines of a batch.",
    Tag.LABORATORY: "Order laboratory tests, record results, and acknowledge critical values.",
    Tag.PRESCRIPTIONS: "Check and prescribe medicines, revise, renew, discontinue and list prescriptions.",
    Tag.REFILLS: "Ask for the next fill of a prescription, and decide about such requests.",
    Tag.DISPENSES: "See which prescriptions can be dispensed, and dispense them from the stock or decline to.",
    Tag.PRICES: "Set and list the prices of the hospital.",
    Tag.INVOICES: "List and print invoices, and get statements; admins void, discount and write invoices off.",
    Tag.PAYMENTS: "Pay an invoice, take and refund payments, and close cash drawers.",
    Tag.NOTIFICATIONS: "List notifications, and mark them as read.",
    Tag.SHIFTS: "Assign shifts to staff, and swap them between colleagues.",
    Tag.TASKS: "Assign tasks to staff, and record their progress.",
    Tag.AUDIT: "Read the audit trail of all services.",
    Tag.SYSTEM: "Check the health of the system, and read its interface descriptions.",
}
"""A sentence for each tag."""
_NOUNS: Mapping[ModuleType, Tag] = {
    accounts: Tag.ACCOUNTS,
    sessions: Tag.SESSIONS,
    mfa: Tag.SECOND_FACTOR,
    upgrades: Tag.ROLE_REQUESTS,
    availability: Tag.DOCTORS,
    appointments: Tag.APPOINTMENTS,
    calendar_feed: Tag.CALENDAR,
    patients: Tag.PATIENTS,
    assignments: Tag.CARE,
    break_glass: Tag.CARE,
    charts: Tag.CHARTS,
    history: Tag.CHARTS,
    records: Tag.RECORDS,
    allergies: Tag.ALLERGIES,
    conditions: Tag.CONDITIONS,
    vitals: Tag.VITALS,
    oxygen_targets: Tag.VITALS,
    observations: Tag.VITALS,
    medicines: Tag.PRESCRIPTIONS,
    attachments: Tag.ATTACHMENTS,
    prescriptions: Tag.PRESCRIPTIONS,
    refills: Tag.REFILLS,
    dispenses: Tag.DISPENSES,
    inventory: Tag.INVENTORY,
    lab_catalogue: Tag.LABORATORY,
    labs: Tag.LABORATORY,
    critical_limits: Tag.LABORATORY,
    critical_alerts: Tag.LABORATORY,
    prices: Tag.PRICES,
    invoices: Tag.INVOICES,
    corrections: Tag.INVOICES,
    papers: Tag.INVOICES,
    pay_links: Tag.PAYMENTS,
    statements: Tag.INVOICES,
    held_charges: Tag.INVOICES,
    payments: Tag.PAYMENTS,
    refunds: Tag.PAYMENTS,
    cash_drawer: Tag.PAYMENTS,
    odd_payments: Tag.PAYMENTS,
    reconciliation: Tag.PAYMENTS,
    notifications: Tag.NOTIFICATIONS,
    shifts: Tag.SHIFTS,
    tasks: Tag.TASKS,
    audit: Tag.AUDIT,
}
TAGS: Mapping[str, Tag] = {noun.__name__: tag for noun, tag in _NOUNS.items()}
"""The tag of each noun, by the name of its contract module or package."""


def tag_of(contract: type[Command], tags: Mapping[str, Tag]) -> Tag:
    """Return the tag of the contract's module or of its package. LookupError: the table names neither."""
    module = contract.__module__
    names = module, module.rpartition(".")[0]
    found = next((tags[name] for name in names if name in tags), None)
    if found is None:
        raise LookupError(f"{module} has no tag in gateway/documents/tags.py")
    return found
