"""The kinds of refusal that cross a service's border; everything else is masked as `Internal`.

Each has a `code` (a fact in snake case, documented in docs/errors.md), a `detail` that is safe to show to the caller,
and `facts` (plain JSON) that a client may act on. Nameko's clients get the same classes back.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from nameko.exceptions import deserialize_to_instance


class MatronError(Exception):
    """Base of all refusals. `facts` travel as they are: never put a name or a finding in."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    cause: str = ""
    """Class of the unexpected exception in whose place this stands. Stays within the service."""
    noted: Mapping[str, Any] | None = None
    """Facts for the audit row of a refusal without a signed-in caller. They stay within the service."""

    def __init__(self, code: str, detail: str = "", facts: Mapping[str, Any] | None = None) -> None:
        super().__init__(code, detail, dict(facts or {}))

    @property
    def code(self) -> str:
        """The reason, for programs."""
        return str(self.args[0])

    @property
    def detail(self) -> str:
        """The reason, for people."""
        return str(self.args[1])

    @property
    def facts(self) -> dict[str, Any]:
        """Facts that a client may act on, such as `errors` per field or `retry_after` in seconds."""
        return dict(self.args[2])

    def as_dict(self) -> dict[str, Any]:
        """The error in nameko's wire form."""
        kind = type(self)
        return {
            "exc_type": kind.__name__,
            "exc_path": f"{kind.__module__}.{kind.__name__}",
            "exc_args": list(self.args),
            "value": f"{self.code}: {self.detail}",
        }


@deserialize_to_instance
class Invalid(MatronError):
    """The request is not well formed. `facts["errors"]` has the messages of each field."""

    status, title = 422, "Invalid request"


@deserialize_to_instance
class Unauthenticated(MatronError):
    """The caller has no token, or the token is not valid."""

    status, title = 401, "Not signed in"


@deserialize_to_instance
class Forbidden(MatronError):
    """The caller is known, and may not do this."""

    status, title = 403, "Not allowed"


@deserialize_to_instance
class NotFound(MatronError):
    """There is no such record, or none that the caller may see."""

    status, title = 404, "Not found"


class NotYet(NotFound):
    """The record is not here yet, but an event may bring it. The request waits for it, then becomes `NotFound`."""


@deserialize_to_instance
class Conflict(MatronError):
    """The request is fine, but the state of the record is against it."""

    status, title = 409, "Conflict"


@deserialize_to_instance
class Stale(MatronError):
    """The record has changed since the caller read it; `facts["revision"]` is the present one."""

    status, title = 412, "Changed meanwhile"


@deserialize_to_instance
class TooMany(MatronError):
    """Too many requests; `facts["retry_after"]` in seconds."""

    status, title = 429, "Too many requests"


REFUSALS = (Invalid, Forbidden, NotFound, Conflict, Stale, TooMany)
"""Refusals that a repeated request may meet after the first one has succeeded: the stored reply goes back instead."""


@deserialize_to_instance
class Unavailable(MatronError):
    """Something that is needed is down; `facts["retry_after"]` in seconds. Nothing was done."""

    status, title = 503, "Unavailable"


@deserialize_to_instance
class NoAnswer(MatronError):
    """No answer within the deadline. A write may have been done: repeating it with the same key is safe."""

    status, title = 504, "No answer"


@deserialize_to_instance
class Internal(MatronError):
    """Anything unexpected. Never says what, since the text of an exception may hold a patient's data."""
