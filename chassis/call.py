"""How a request came to a service: what travels beside its payload."""

import time
from dataclasses import dataclass

from chassis.event import Origin
from chassis.refusals import NO_ANSWER, STALE


@dataclass(frozen=True, slots=True)
class Call:
    """The facts of one request, or of the delivery of one event. The person who asks is an `Actor`."""

    token: str = ""
    request_id: str = ""
    key: str = ""
    """The caller's idempotency key."""
    address: str = ""
    device: str = ""
    """The name that the caller's program gives itself; only for routes without a token."""
    if_match: str = ""
    """The `If-Match` header; empty if the caller may change any revision."""
    expires_at: float | None = None
    """Unix time at which the caller gives up."""
    origin: Origin | None = None
    """The source of the event; None for a request."""

    @property
    def heard(self) -> Origin:
        """The source of the event that a handler acts on; `LookupError` outside a handler."""
        if self.origin is None:
            raise LookupError("this call does not deliver an event")
        return self.origin

    @property
    def correlation_id(self) -> str:
        """The id that events carry on: of the event that a handler acts on, else of the request."""
        return self.origin.correlation_id if self.origin else self.request_id

    def check_deadline(self) -> None:
        """Refuse work that the caller no longer waits for. NoAnswer: the deadline has passed."""
        if self.expires_at is not None and time.time() > self.expires_at:
            raise NO_ANSWER("The request came too late to be begun.")

    def expects(self, revision: int) -> None:
        """Refuse to change a revision that the caller has not seen. Stale: `If-Match` names others only."""
        seen = [tag.strip() for tag in self.if_match.split(",")]
        if self.if_match and "*" not in seen and f'"{revision}"' not in seen:
            raise STALE(revision=revision)
