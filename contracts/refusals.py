"""Refusals that several nouns share."""

from chassis.errors import Forbidden, Invalid, NotFound
from chassis.refusals import Refusal

NO_SUCH_PATIENT = Refusal(NotFound, "not_found", "There is no such patient.")
OWN_REQUEST = Refusal(
    Forbidden,
    "own_request",
    "Another admin must decide about your request.",
    "Admins cannot decide about their own requests: another admin must.",
)
REASON_REQUIRED = Refusal(
    Invalid, "reason_required", "State a reason.", "A rejection, a refusal or a cancellation requires a reason."
)
