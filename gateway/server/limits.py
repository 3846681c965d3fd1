"""Decide whether a request may go on: its token, and how often its account or network may ask."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

from chassis.contract import Command
from chassis.errors import Unauthenticated
from chassis.identity import NOBODY, Actor, Verifier
from contracts.auth.accounts.commands import (
    ChangeEmail,
    ForgotPassword,
    RegisterPatient,
    ResendVerification,
    ResetPassword,
)
from contracts.auth.fields import HASHING
from contracts.auth.sessions import LogIn, VerifyMfa
from gateway.server.addresses import network
from gateway.server.attempts import Attempt, Attempts, Key
from gateway.server.counters import Counters
from gateway.server.requests import Request
from gateway.settings import Settings

GUESSED: frozenset[type[Command]] = frozenset((LogIn, VerifyMfa, ResetPassword))
"""Commands that take a password, a code or a mailed secret: their failures have the strictest limit."""
MAILED: frozenset[type[Command]] = frozenset({RegisterPatient, ForgotPassword, ResendVerification, ChangeEmail})
"""Commands whose success sends a mail to any address, or reveals whether it has an account: each request counts.

Each request of an account that has a password hashed counts as well; `line` of its command marks it.
"""
SIGN_IN = GUESSED | MAILED
"""`LIMIT_SIGN_IN` is for these. Refresh and verification tokens have 256 bits: guessing them is hopeless."""


class Admission(NamedTuple):
    """A request that may go on: its token and actor. The route sets `attempt.status` if it answers with an error."""

    token: str
    actor: Actor
    attempt: Attempt


class Limits:
    """The limits of one gateway."""

    def __init__(self, settings: Settings) -> None:
        self.account, self.address, self.sign_in = (
            settings.limit_account,
            settings.limit_address,
            settings.limit_sign_in,
        )
        self.counters = Counters(settings.limits_url)
        self.attempts = Attempts(self.counters, settings.limit_sign_in, settings.limit_sign_in_tries)

    @contextmanager
    def admit(self, request: Request, contract: type[Command], verifier: Verifier | None) -> Iterator[Admission]:
        """Let a request go on, and count it: by its account if its token is good, else by its network.

        Without a verifier, no token is read. Unauthenticated: the token is not good. TooMany: `rate_limited`.
        Unavailable: `busy`, or `starting`.
        """
        origin, method = network(request.address), contract.method()
        with self._attempt(contract, Key(method, origin)) as attempt:
            request.waited = attempt.waited
            if contract in MAILED:
                self.counters.count(self.sign_in, method, origin)
            token, actor = self._caller(request, contract, verifier)
            yield Admission(token, actor, attempt)

    def _attempt(self, contract: type[Command], key: Key) -> AbstractContextManager[Attempt]:
        """Return the attempt of a command that a guess could use; any other command waits for no attempt."""
        return self.attempts.enter(key) if contract in GUESSED else nullcontext(Attempt(0.0))

    def _caller(self, request: Request, contract: type[Command], verifier: Verifier | None) -> tuple[str, Actor]:
        if verifier is None or not request.header("AUTHORIZATION"):
            self.count_address(request.address)
            return "", NOBODY
        token, actor = self._signed_in(request, verifier)
        self.count_account(str(actor.id))
        if contract.line == HASHING and contract.roles:
            self.counters.count(self.sign_in, "hashing", str(actor.id))
        return token, actor

    def _signed_in(self, request: Request, verifier: Verifier) -> tuple[str, Actor]:
        """Return the token and its actor. A bad token counts, and over the limit no new token is verified.

        A token verified earlier still passes: its owner may share the address with an attacker who guesses tokens.
        """
        try:
            token = request.token()
            if token not in verifier.known:
                self.check_address(request.address)
            return token, verifier.actor(token)
        except Unauthenticated:
            self.count_address(request.address)
            raise

    def count_account(self, person: str) -> None:
        """Count a request of a signed-in account. TooMany: `rate_limited`."""
        self.counters.count(self.account, "account", person)

    def count_address(self, address: str) -> None:
        """Count a request without a good token by its network. TooMany: `rate_limited`."""
        self.counters.count(self.address, "address", network(address))

    def check_address(self, address: str) -> None:
        """Refuse, without counting, a network that has no request left. TooMany: `rate_limited`."""
        self.counters.check(self.address, "address", network(address))
