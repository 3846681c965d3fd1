"""Ended sessions with access tokens that have not expired yet.

Auth publishes an event that every process receives. A gateway also asks auth for the sessions that ended before its
start. It sets `awaited` until auth has answered.
"""

import time
from uuid import UUID

PRUNED_AT = 10_000


class Revoked:
    """The ended sessions that a process knows."""

    def __init__(self) -> None:
        self.until: dict[UUID, float] = {}
        self.awaited = False
        """Whether to accept no token yet, since the earlier ended sessions are unknown."""

    def add(self, session_id: UUID, until: float) -> None:
        """Add an ended session. Its last access token expires at `until`, in Unix time."""
        if len(self.until) >= PRUNED_AT:
            now = time.time()
            self.until = {known: end for known, end in self.until.items() if end > now}
        self.until[session_id] = until

    def __contains__(self, session_id: object) -> bool:
        return session_id in self.until
