"""The sessions that have ended: a gateway hears of each, and asks auth for those that ended before it listened.

Until auth has told it, a gateway that has just started believes no token, and is not ready: it would let in somebody
who was signed out a minute ago. One that listens again after a loss goes on with what it knows while it asks. Each
second it asks for the newest, since an event may be late: auth's relay may wait for the broker, or hang.
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
"""For hosts whose clocks differ, and for what was committed a moment after the time that it has."""
KEPT_SECONDS = 3600.0
"""More than an access token lives. Auth's event, which comes a moment later, says when the session's last one ends."""
ENDED_BY: dict[type[Command], Callable[[Actor, Mapping[str, Any]], UUID | None]] = {
    LogOut: lambda actor, _payload: actor.session_id,
    EndSession: lambda _actor, payload: UUID(payload["session_id"]),
}
"""The session that a command has ended, so that whoever is told so is not let in with it any more."""


class TokenChecks(DependencyProvider):
    """Gives the routes who checks tokens."""

    calling = Calling()

    def setup(self) -> None:
        """Believe nobody before auth has told who has signed out."""
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
        """Ask from now on."""
        self.container.spawn_managed_thread(self._watch)

    def _listen(self, channel: Any) -> None:
        """Hear first and ask then, so that no session ends unheard in between."""
        revocations.listen(channel, self.senders, self.revoked)
        self.listenings += 1

    def _watch(self) -> None:
        """Ask for all after each time that we began to listen, and else for what has ended since the last answer."""
        heard, since = -1, clock.now()
        while True:
            listenings, now = self.listenings, clock.now()
            try:
                self._ask({"since": (since - OVERLAP).isoformat()} if heard == listenings else {})
            except MatronError:
                eventlet.sleep(AGAIN_SECONDS)
            else:
                heard, since = listenings, now
                eventlet.sleep(LOOK_SECONDS)

    def _ask(self, payload: dict[str, Any]) -> None:
        call = Call(request_id=str(uuid7()))
        told = self.calling.client.call("auth", ListRevokedSessions.method(), payload, call, ASK_SECONDS).result
        revocations.remember(self.revoked, told["items"])
        self.revoked.awaited = False

    def get_dependency(self, _worker_ctx: Any) -> Verifier:
        """Who checks tokens."""
        return self.verifier
