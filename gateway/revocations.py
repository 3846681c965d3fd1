"""Ended sessions: the gateway receives an event for each, and asks auth for sessions that ended before it listened.

A gateway that has just started accepts no token, and is not ready, until auth has answered: a session may have ended a
minute earlier. After a lost connection the gateway continues with the sessions it knows while it asks. Each second it
asks for the newest, since an event may be late when auth's relay waits for the broker.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

import eventlet
from nameko.extensions import DependencyProvider
from uuid_utils import uuid7

from chassis import clock
from chassis.call import Call
from chassis.contract import Command
from chassis.errors import MatronError
from chassis.identity import Actor, Verifier
from chassis.messaging import revocations
from contracts.auth.sessions import EndSession, ListRevokedSessions, LogOut
from gateway.rpc import Calling
from tokens.keys import KeySet
from transports.senders import Senders, account_of

if TYPE_CHECKING:
    from tokens.revoked import Revoked

ASK_SECONDS, AGAIN_SECONDS, LOOK_SECONDS = 2.0, 0.5, 1.0
OVERLAP = timedelta(seconds=30)
"""Covers clock differences between hosts, and sessions committed a moment after their timestamp."""
KEPT_SECONDS = 3600.0
"""Longer than an access token lives. Auth's event arrives a moment later, with the end of the session's last token."""
ENDED_BY: dict[type[Command], Callable[[Actor, Mapping[str, Any]], UUID | None]] = {
    LogOut: lambda actor, _payload: actor.session_id,
    EndSession: lambda _actor, payload: UUID(payload["session_id"]),
}
"""The session that a command ends, so that this gateway refuses it from its reply on."""


class TokenChecks(DependencyProvider):
    """Gives the routes the verifier of tokens."""

    calling = Calling()

    def setup(self) -> None:
        """Accept no token before auth has listed the ended sessions."""
        config = self.container.config
        self.revoked: Revoked = config["revoked"]
        self.revoked.awaited, self.listenings = True, 0
        self.verifier = Verifier(KeySet(config["matron"].jwks_file), self.revoked)
        self.calling.setup()
        account, unsigned = account_of(self.calling.client.link.url), config["matron"].allow_unsigned_events
        self.senders = Senders("gateway", account, unsigned=unsigned)
        self.calling.client.also.append(self._listen)
        config["health"].add("gateway.revocations", lambda: not self.revoked.awaited)

    def start(self) -> None:
        """Start to ask auth."""
        self.container.spawn_managed_thread(self._watch)

    def _listen(self, channel: Any) -> None:
        """Listen before asking, so that no session ends unnoticed in between."""
        revocations.listen(channel, self.senders, self.revoked)
        self.listenings += 1

    def _watch(self) -> None:
        """Ask for all ended sessions after each start of listening, and otherwise for those since the last answer."""
        answered, since = -1, clock.now()
        while True:
            listenings, now = self.listenings, clock.now()
            try:
                self._ask({"since": (since - OVERLAP).isoformat()} if answered == listenings else {})
            except MatronError:
                eventlet.sleep(AGAIN_SECONDS)
            else:
                answered, since = listenings, now
                eventlet.sleep(LOOK_SECONDS)

    def _ask(self, payload: dict[str, Any]) -> None:
        call = Call(request_id=str(uuid7()))
        page = self.calling.client.call("auth", ListRevokedSessions.method(), payload, call, ASK_SECONDS).result
        revocations.remember(self.revoked, page["items"])
        self.revoked.awaited = False

    def get_dependency(self, _worker_ctx: Any) -> Verifier:
        """Return the verifier of tokens."""
        return self.verifier
