"""The refusals that several nouns share."""

from chassis.errors import Forbidden, Invalid, NotFound
from chassis.refusals import Refusal

NO_SUCH_PATIENT = Refusal(NotFound, "not_found", "There is no such patient.")
OWN_REQUEST = Refusal(
    Forbidden,
    "own_request",
    "Another admin decides about your request.",
    "Nobody decides about a request of his own: another admin must.",
)
REASON_REQUIRED = Refusal(
    Invalid, "reason_required", "Say why.", "A rejection, a refusal or a cancellation needs a reason."
)
