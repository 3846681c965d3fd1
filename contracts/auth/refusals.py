"""The refusals that several nouns share."""

from chassis.errors import Conflict, Forbidden, NotFound, TooMany
from chassis.refusals import Refusal

ACCOUNT_NOT_ACTIVE = Refusal(
    Conflict, "account_not_active", "The account is {state}.", "The account is not active; `state` says what it is."
)
EMAIL_TAKEN = Refusal(
    Conflict, "email_taken", "There is an account with this address.", "There is an account with this address."
)
LOCKED = Refusal(
    TooMany,
    "locked",
    "Too many failed tries. Wait, or reset the password.",
    "Too many failed tries to sign in: wait, or reset the password, and sign in from where you did.",
)
MAILS_USED_UP = Refusal(
    TooMany,
    "mails_used_up",
    "Too many mails were sent: wait a while.",
    "Five mails of this purpose went to the person within an hour: wait for `retry_after` seconds. "
    "The last link goes on working, but for one to a new address that was to be replaced.",
)
MFA_NOT_ENABLED = Refusal(
    Conflict, "mfa_not_enabled", "There is no second factor.", "The account has no second factor."
)
NO_SUCH_ACCOUNT = Refusal(NotFound, "not_found", "There is no such account.")
NO_SUCH_REQUEST = Refusal(NotFound, "not_found", "There is no such request.")
NO_SUCH_SESSION = Refusal(NotFound, "not_found", "There is no such session.")
PASSWORD_WRONG = Refusal(
    Forbidden,
    "password_wrong",
    "That is not your present password.",
    "The present password that was given is wrong. It counts as a failed try to sign in.",
)
