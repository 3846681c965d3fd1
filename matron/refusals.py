"""The refusals of the `matron` command."""

from chassis.errors import Conflict, Invalid
from chassis.refusals import Refusal

FOLDER_IN_USE = Refusal(
    Conflict,
    "folder_in_use",
    "The folder is in use.",
    "`matron run` or another command uses the folder. Stop it first.",
)
WRONG_ACCOUNT = Refusal(
    Invalid,
    "wrong_account",
    "This account may not do this.",
    "`matron dead replay` or `matron events replay` uses an account whose messages the handler refuses. "
    "Run it in the container of the service that the message names. "
    "On a dead letter: neither the source nor the receiver of the event sent it.",
)
NOT_HEARD = Refusal(
    Invalid,
    "not_heard",
    "The handler does not receive this event.",
    "`matron events replay` names a handler that does not receive that event.",
)
