"""Refusals that several nouns of auth share."""

from chassis.errors import Conflict, Forbidden, NotFound, TooMany
from chassis.refusals import Refusal

ACCOUNT_NOT_ACTIVE = Refusal(
    Conflict, "account_not_active", "The account is {state}.", "The account is not active. `state` is its status."
)
EMAIL_TAKEN = Refusal(Conflict, "email_taken", "Another account has this address.", "Another account has this address.")
LOCKED = Refusal(
    TooMany,
    "locked",
    "Too many failed attempts. Wait, or reset your password.",
    "Too many failed logins. Wait, or reset the password and log in from the same network.",
)
MAILS_USED_UP = Refusal(
    TooMany,
    "mails_used_up",
    "Too many mails were sent. Try again later.",
    "Five mails for this purpose were sent to the person within an hour. Wait for `retry_after` seconds. "
    "The last link stays valid, except a link to a new address that this request replaces.",
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
    "This is not your current password.",
    "The current password is wrong. It counts as a failed login.",
)
