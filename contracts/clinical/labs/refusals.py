"""Refusals of the laboratory."""

from chassis.errors import Conflict, Forbidden, NotFound
from chassis.refusals import Refusal

NO_SUCH_LAB_ORDER = Refusal(NotFound, "not_found", "There is no such laboratory order.")
NO_SUCH_LAB_RESULT = Refusal(NotFound, "not_found", "There is no such laboratory result.")
NOT_TO_COLLECT = Refusal(
    Conflict,
    "lab_not_to_collect",
    "The order needs no specimen now. It is {state}.",
    "Every specimen of the order is collected already, or the order is cancelled.",
)
WRONG_SPECIMEN = Refusal(
    Conflict,
    "wrong_specimen",
    "No open test of the order needs this specimen.",
    "`needed` lists the specimens that the order still needs.",
)
NOT_COLLECTED = Refusal(
    Conflict,
    "lab_not_collected",
    "No specimen of the order waits for this. The order is {state}.",
    "A specimen is received after its collection, and rejected before its results are verified.",
)
WHICH_SPECIMEN = Refusal(
    Conflict,
    "which_specimen",
    "The order has several specimens. Name one.",
    "Send `accession`; `accessions` lists the specimens in question.",
)
ORDER_RECEIVED = Refusal(
    Conflict,
    "lab_order_received",
    "The laboratory has received the specimen, or the order is {state}.",
    "Only tests whose specimen the laboratory has not received can be cancelled.",
)
TESTS_NOT_ORDERED = Refusal(
    Conflict,
    "tests_not_ordered",
    "Some of these tests are not part of the order.",
    "`tests` lists the codes that the order does not contain.",
)
NOT_RECEIVED = Refusal(
    Conflict,
    "lab_not_received",
    "The laboratory has not received the specimen of some of these tests.",
    "`tests` lists the codes without a received specimen.",
)
RESULTS_EXIST = Refusal(
    Conflict,
    "lab_results_exist",
    "Some of these tests have results already.",
    "`tests` lists the codes. A changed value is a correction: `POST /api/staff/lab-results/{result_id}/correct`.",
)
NOT_RESULTED = Refusal(
    Conflict,
    "lab_not_resulted",
    "The order has no results to verify. It is {state}.",
    "All results are verified already, or none has been entered.",
)
DELTAS_UNCONFIRMED = Refusal(
    Conflict,
    "unconfirmed_deltas",
    "Some results differ unusually from the previous results. Check the specimen, then confirm them.",
    "`deltas` lists the results. Confirm each by its id in `confirmed_deltas`, or reject the specimen.",
)
SECOND_TECHNICIAN = Refusal(
    Forbidden,
    "second_technician_required",
    "Another technician must do this.",
    "The hospital requires that a second technician verifies or corrects results (`LAB_TWO_PERSONS`).",
)
RESULT_WITHDRAWN = Refusal(
    Conflict,
    "lab_result_withdrawn",
    "The result was withdrawn with its specimen.",
    "A withdrawn result cannot be corrected. The test needs a new collection.",
)
