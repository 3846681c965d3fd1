"""Refusals that several nouns of scheduling share."""

from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.refusals import Refusal

DOCTOR_GONE = Refusal(
    Conflict,
    "doctor_gone",
    "The doctor of the appointment is not available: name another doctor.",
    "The doctor of the appointment has left or is suspended: name another doctor with `doctor_id`.",
)
NOT_IN_FUTURE = Refusal(
    Invalid,
    "not_in_future",
    "The time must be in the future.",
    "Appointments and shifts begin in the future, a time off ends in the future, a task is due in the future.",
)
NOT_WAITING = Refusal(
    Conflict,
    "not_waiting",
    "The appointment is {state}.",
    "The appointment is over or was never booked, so it cannot be displaced.",
)
NO_SUCH_APPOINTMENT = Refusal(NotFound, "not_found", "There is no such appointment.")
NO_SUCH_CALENDAR = Refusal(NotFound, "not_found", "There is no such calendar.")
NO_SUCH_COLLEAGUE = Refusal(NotFound, "not_found", "There is no such colleague.")
NO_SUCH_DOCTOR = Refusal(NotFound, "not_found", "There is no such doctor.")
NO_SUCH_RECORD = Refusal(NotFound, "not_found", "There is no such record.")
NO_SUCH_SHIFT = Refusal(NotFound, "not_found", "There is no such shift.")
NO_SUCH_STAFF = Refusal(NotFound, "not_found", "There is no such member of staff.")
NO_SUCH_SWAP = Refusal(NotFound, "not_found", "There is no such swap.")
NO_SUCH_TASK = Refusal(NotFound, "not_found", "There is no such task.")
NO_SUCH_TIME_OFF = Refusal(NotFound, "not_found", "There is no such time off.")
OUTSIDE_HOURS = Refusal(
    Conflict,
    "outside_hours",
    "The doctor has no slot at that time.",
    "The doctor has no slot that begins at that time, or is away.",
)
OWN_VISIT = Refusal(
    Forbidden,
    "own_visit",
    "Another member of staff has to do that for your own appointment.",
    (
        "The caller is the patient of this appointment and acts only as the patient. Another member of staff has to "
        "do that."
    ),
)
PATIENT_BUSY = Refusal(
    Conflict,
    "patient_busy",
    "The patient has another appointment at that time.",
    (
        "The patient has another appointment at that time, as a patient or as a doctor. `appointment_id` names it, as "
        "for `slot_taken`."
    ),
)
PATIENT_DECEASED = Refusal(
    Conflict,
    "patient_deceased",
    "The patient is recorded as deceased.",
    (
        "The patient is recorded as deceased and gets no appointments. The desk corrects a mistaken record "
        "(`deceased_at`)."
    ),
)
SLOT_TAKEN = Refusal(
    Conflict,
    "slot_taken",
    "Another appointment has this time.",
    (
        "The doctor has another appointment at that time, as a doctor or as a patient: choose another slot. "
        "`appointment_id` names the conflict, to the desk and to the doctor or patient who takes part in it."
    ),
)
TOO_FAR_AHEAD = Refusal(
    Invalid,
    "too_far_ahead",
    "The time is too far ahead.",
    (
        "Appointments are at most 180 days ahead. A time off ends within five years. Shifts begin, and tasks are "
        "due, within 366 days."
    ),
)
TOO_LATE = Refusal(
    Conflict,
    "too_late",
    "The time for that is over.",
    (
        "A request cannot be accepted after its start or after 48 hours. A missed patient cannot arrive more than 24 "
        "hours after the appointment."
    ),
)
