"""Refusals as data, and the refusals that any service may answer to any request."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from chassis.errors import (
    Forbidden,
    Internal,
    Invalid,
    MatronError,
    NoAnswer,
    NotFound,
    NotYet,
    Stale,
    Unauthenticated,
    Unavailable,
)

K_co = TypeVar("K_co", bound=MatronError, covariant=True)


@dataclass(frozen=True, slots=True)
class Refusal(Generic[K_co]):
    """One way in which a request may be refused: its kind, its code, and a sentence for the caller.

    The sentence may name facts in braces (`The visit is {state}.`). `advice` tells a client what to do, where that is
    not plain from the sentence; docs/errors.md shows it.
    """

    kind: type[K_co]
    code: str
    detail: str
    advice: str = ""

    def __call__(self, detail: str = "", /, **facts: object) -> K_co:
        """The error to raise; `facts` are plain JSON that the caller may see, `detail` another sentence."""
        return self.kind(self.code, detail or self.detail.format_map(facts), facts)

    def not_yet(self, **facts: object) -> NotYet:
        """The same of a record that an event under way may still bring: it is looked for again for a second."""
        return NotYet(self.code, self.detail.format_map(facts), facts)


TOKEN_MISSING = Refusal(Unauthenticated, "token_missing", "Sign in first.", "The route needs an access token: sign in.")
TOKEN_INVALID = Refusal(
    Unauthenticated,
    "token_invalid",
    "The access token is not valid.",
    "The access token is not one of ours, is of another kind, or its account is gone.",
)
TOKEN_EXPIRED = Refusal(
    Unauthenticated,
    "token_expired",
    "The access token has ended; refresh it.",
    "The access token has ended: exchange the refresh token for a new one.",
)
SESSION_ENDED = Refusal(
    Unauthenticated,
    "session_ended",
    "This session has ended; sign in again.",
    "The session of the access token has ended, by signing out, a new password, a lost role or the like: "
    "sign in again.",
)
STARTING = Refusal(
    Unavailable,
    "starting",
    "This process has only just started.",
    "The process has only just started, and does not know yet which sessions have ended.",
)
ROLE_MISSING = Refusal(
    Forbidden,
    "role_missing",
    "Your roles do not allow this.",
    "None of the caller's roles may do this; `x-roles` in the OpenAPI document says which may.",
)
MFA_SETUP_REQUIRED = Refusal(
    Forbidden,
    "mfa_setup_required",
    "Your role requires a second factor: set it up first.",
    "One of the caller's roles requires a second factor: set it up first, with `POST /api/users/me/mfa`.",
)
ADDRESS_NOT_VERIFIED = Refusal(
    Forbidden,
    "address_not_verified",
    "Verify your e-mail address; if you have, refresh the token.",
    "The caller's e-mail address has not been verified yet.",
)
STALE = Refusal(
    Stale,
    "stale",
    "The record has changed since you read it. Read it again.",
    "The record has changed since the caller read it, as `If-Match` says; `revision` is the present one.",
)
NOT_FOUND = Refusal(
    NotFound,
    "not_found",
    "There is no such record.",
    "There is no such record, or the caller may not see it: the answer does not say which.",
)
WRONG_FIELDS = Refusal(
    Invalid,
    "invalid",
    "Some fields are missing or wrong.",
    "Fields are missing, unknown, given twice or wrong: see `errors`.",
)
"""Its fact `errors` has the messages of each field."""
BAD_CURSOR = Refusal(
    Invalid,
    "bad_cursor",
    "The cursor is not one of ours.",
    "`cursor` is not the `next` of an earlier page of this list.",
)
MALFORMED = Refusal(
    Invalid,
    "malformed",
    "The request is not a JSON object of named fields.",
    "For nameko clients: the request is not a JSON object of named fields. Call methods with keyword arguments only.",
)
NO_SUCH_METHOD = Refusal(
    NotFound,
    "no_such_method",
    "The service has no such method.",
    "For nameko clients: the service has no such method.",
)
KEY_REUSED = Refusal(
    Invalid,
    "key_reused",
    "This Idempotency-Key was used with another body.",
    "The `Idempotency-Key` was used before, with another body.",
)
INTERNAL = Refusal(
    Internal,
    "internal",
    "Something went wrong on our side. Quote the request id when you report it.",
    "Something unexpected. The reason is in our log, under the `request_id`, and nowhere else.",
)
"""The one form in which an unexpected exception leaves a service."""
BUSY = Refusal(
    Unavailable,
    "busy",
    "Too many wait for this just now.",
    "Too many wait for this work, or send large bodies, just now. Nothing was done.",
)
BROKER_DOWN = Refusal(
    Unavailable,
    "broker_down",
    "The message broker cannot be reached.",
    "The message broker cannot be reached. Nothing was done.",
)
DATABASE_DOWN = Refusal(
    Unavailable,
    "database_down",
    "The database cannot be reached.",
    "The service's database cannot be reached. Nothing was done.",
)
DATABASE_BUSY = Refusal(
    Unavailable,
    "database_busy",
    "The database is busy.",
    "Others write to the service's database for too long. Nothing was done.",
)
EVENTS_UNSENT = Refusal(
    Unavailable,
    "events_unsent",
    "Some events about this person are not sent yet.",
    "Some events about the person to be erased are not sent yet. Nothing was done: try again.",
)
NO_ANSWER = Refusal(
    NoAnswer,
    "no_answer",
    "No answer came in time. Repeating a write with the same Idempotency-Key is safe.",
    "No answer within the deadline. A write may have been done: repeat it with the same `Idempotency-Key`.",
)
"""Timeout: the outcome is unknown."""


def bad_cursor() -> Invalid:
    """`BAD_CURSOR`, with the message of its field."""
    return BAD_CURSOR(errors={"cursor": ["Not valid."]})
