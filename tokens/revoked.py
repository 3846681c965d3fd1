"""Sessions that have ended although their access tokens have not.

Auth says so with an event that every process hears. A process that can ask auth for those that ended before it came,
which a gateway does, sets `awaited` until it has been told.
"""

import time
from uuid import UUID

PRUNED_AT = 10_000


class Revoked:
    """What one process knows of ended sessions."""

    def __init__(self) -> None:
        self.until: dict[UUID, float] = {}
        self.awaited = False
        """Whether nobody can be believed yet, since what ended earlier is not known."""

    def add(self, session_id: UUID, until: float) -> None:
        """The session has ended; its last access token ends at `until`, in Unix time."""
        if len(self.until) >= PRUNED_AT:
            now = time.time()
            self.until = {known: end for known, end in self.until.items() if end > now}
        self.until[session_id] = until

    def __contains__(self, session_id: object) -> bool:
        return session_id in self.until
