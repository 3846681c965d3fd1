"""The refusals that several nouns share."""

from chassis.errors import Conflict, Forbidden, Invalid, NotFound
from chassis.refusals import Refusal

DOCTOR_GONE = Refusal(
    Conflict,
    "doctor_gone",
    "The doctor of the visit cannot be visited now: name another doctor.",
    "The visit's doctor cannot be visited now: name another one with `doctor_id`.",
)
NOT_IN_FUTURE = Refusal(
    Invalid,
    "not_in_future",
    "A visit begins in the future.",
    "A visit begins in the future; a time off ends in the future; a shift begins, and a task is due, in the future.",
)
NOT_WAITING = Refusal(
    Conflict,
    "not_waiting",
    "The visit is {state}.",
    "The visit is over, or was never agreed, so it cannot lose its time.",
)
NO_SUCH_APPOINTMENT = Refusal(NotFound, "not_found", "There is no such appointment.")
NO_SUCH_CALENDAR = Refusal(NotFound, "not_found", "There is no such calendar.")
NO_SUCH_COLLEAGUE = Refusal(NotFound, "not_found", "There is no such colleague.")
NO_SUCH_DOCTOR = Refusal(NotFound, "not_found", "There is no such doctor.")
NO_SUCH_RECORD = Refusal(NotFound, "not_found", "There is no such record.")
NO_SUCH_SHIFT = Refusal(NotFound, "not_found", "There is no such shift.")
NO_SUCH_STAFF = Refusal(NotFound, "not_found", "There is no such person in the staff.")
NO_SUCH_SWAP = Refusal(NotFound, "not_found", "There is no such swap.")
NO_SUCH_TASK = Refusal(NotFound, "not_found", "There is no such task.")
NO_SUCH_TIME_OFF = Refusal(NotFound, "not_found", "There is no such time off.")
OUTSIDE_HOURS = Refusal(
    Conflict,
    "outside_hours",
    "The doctor has no slot that begins then.",
    "The doctor has no slot that begins then, or is away.",
)
OWN_VISIT = Refusal(
    Forbidden,
    "own_visit",
    "Somebody else of the hospital does that for you.",
    (
        "It is the caller's own visit, in which they are the patient alone: somebody else of the hospital does that "
        "for them."
    ),
)
PATIENT_BUSY = Refusal(
    Conflict,
    "patient_busy",
    "The patient has another visit at that time.",
    (
        "The patient has another visit at that time, or sees patients as a doctor. `appointment_id` says which visit "
        "is in the way, as for `slot_taken`."
    ),
)
PATIENT_DECEASED = Refusal(
    Conflict,
    "patient_deceased",
    "The patient is recorded as deceased.",
    (
        "The patient is recorded as deceased, and has no more visits. The desk corrects the record (`deceased_at`), if "
        "that is a mistake."
    ),
)
SLOT_TAKEN = Refusal(
    Conflict,
    "slot_taken",
    "Somebody has this time already.",
    (
        "Somebody has this time of the doctor already, or the doctor is somebody's patient then: choose another "
        "slot. `appointment_id` says which visit is in the way, to the desk, and to the doctor or patient whose own "
        "it is."
    ),
)
TOO_FAR_AHEAD = Refusal(
    Invalid,
    "too_far_ahead",
    "A visit is at most 180 days ahead.",
    (
        "A visit is at most 180 days ahead; a time off ends within five years; a shift begins, and a task is due, "
        "within 366 days."
    ),
)
TOO_LATE = Refusal(
    Conflict,
    "too_late",
    "The visit should have begun, or has waited 48 hours for an answer.",
    (
        "The request's start has come, or it has waited 48 hours, so it is not accepted any more; or the visit was "
        "over more than 24 hours ago, so whoever missed it has not come after all."
    ),
)
