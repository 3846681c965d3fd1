"""Actors: every service verifies access tokens itself, from the public keys alone.

A verified token is remembered until it expires: checking its signature costs more than the rest of the check.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import tokens
from chassis.contract import Command
from chassis.refusals import (
    ADDRESS_NOT_VERIFIED,
    MFA_SETUP_REQUIRED,
    NOT_FOUND,
    ROLE_MISSING,
    SESSION_ENDED,
    STARTING,
    TOKEN_EXPIRED,
    TOKEN_INVALID,
    TOKEN_MISSING,
)
from tokens.keys import KeySet
from tokens.revoked import Revoked

REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who asks, an unknown caller, or the system itself. `Call` says how the request came."""

    id: UUID | None = None
    roles: frozenset[str] = frozenset()
    session_id: UUID | None = None
    verified: bool = False
    mfa_due: bool = False
    """Whether a role requires a second factor that the person has not set up."""

    @property
    def person(self) -> UUID:
        """The id of the person; `Unauthenticated` when there is none."""
        if self.id is None:
            raise TOKEN_MISSING()
        return self.id

    def has(self, roles: Iterable[str]) -> bool:
        """Whether the actor holds one of the roles."""
        return not self.roles.isdisjoint(roles)

    def may_act_for(self, person_id: UUID, roles: Iterable[str] = ()) -> None:
        """Let a person act for themselves, and holders of `roles` for anyone. NotFound hides who exists."""
        if self.id != person_id and not self.has(roles):
            raise NOT_FOUND()


NOBODY = Actor()
"""A caller without a token."""
SYSTEM = Actor(roles=frozenset({"system"}))
"""Event handlers and timers act as the system."""


class Verifier:
    """Turns access tokens into actors."""

    def __init__(self, key_set: KeySet, revoked: Revoked | None = None) -> None:
        self.key_set, self.revoked = key_set, revoked or Revoked()
        self.known: dict[str, tuple[float, Actor]] = {}

    def actor(self, token: str) -> Actor:
        """The actor of a token.

        `Unauthenticated`: `token_invalid`, `token_expired`, `session_ended`. `Unavailable`: `starting`.
        """
        if self.key_set.has_lost_one():
            self.known.clear()
        ends_at, actor = self.known.get(token) or self._remember(token)
        if ends_at <= time.time():
            self.known.pop(token, None)
            raise TOKEN_EXPIRED()
        if self.revoked.awaited:
            raise STARTING(retry_after=1)
        if actor.session_id in self.revoked:
            raise SESSION_ENDED()
        return actor

    def _remember(self, token: str) -> tuple[float, Actor]:
        try:
            claims = tokens.read(token, self.key_set)
        except tokens.TokenExpired:
            raise TOKEN_EXPIRED() from None
        except tokens.TokenInvalid:
            raise TOKEN_INVALID() from None
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        self.known[token] = (float(claims["exp"]), _actor_from(claims))
        return self.known[token]


def _actor_from(claims: tokens.Claims) -> Actor:
    try:
        return Actor(
            id=UUID(claims["sub"]),
            roles=frozenset(claims["roles"]),
            session_id=UUID(claims["sid"]),
            verified=bool(claims["verified"]),
            mfa_due=bool(claims.get("mfa_due")),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise TOKEN_INVALID() from None


def check_right(actor: Actor, contract: type[Command]) -> None:
    """The caller's right to ask at all.

    `Unauthenticated`, `role_missing`, `mfa_setup_required` or `address_not_verified`.
    """
    if actor.id is None and contract.roles:
        raise TOKEN_MISSING()
    if contract.roles and not actor.has(contract.roles):
        raise ROLE_MISSING()
    if contract.roles and actor.mfa_due and not contract.enrolling:
        raise MFA_SETUP_REQUIRED()
    if contract.verified and not actor.verified:
        raise ADDRESS_NOT_VERIFIED()
