"""The refusals of the `matron` command."""

from chassis.errors import Conflict, Invalid
from chassis.refusals import Refusal

FOLDER_IN_USE = Refusal(
    Conflict,
    "folder_in_use",
    "The folder is in use.",
    "`matron run` or another command works on the folder: end it first.",
)
WRONG_ACCOUNT = Refusal(
    Invalid,
    "wrong_account",
    "Another account may do this.",
    "`matron dead replay` or `matron events replay` runs with an account whose messages the handler refuses: "
    "run it in the container of the service that the message names. "
    "As the code of a dead letter: neither the event's source nor its hearer sent it.",
)
NOT_HEARD = Refusal(
    Invalid,
    "not_heard",
    "The handler does not hear this event.",
    "`matron events replay` names a handler that does not hear that event.",
)
