"""Who asks: tokens are verified here, in every service, from the public keys alone.

Tokens are verified once and remembered until they end, since a signature costs more than all the rest of the check.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import tokens
from chassis.contract import Command
from chassis.event import Origin
from chassis.refusals import (
    ADDRESS_NOT_VERIFIED,
    MFA_SETUP_REQUIRED,
    NOT_FOUND,
    ROLE_MISSING,
    SESSION_ENDED,
    STALE,
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
    """On whose behalf something is done: a person with a token, nobody, or the system itself."""

    id: UUID | None = None
    roles: frozenset[str] = frozenset()
    session_id: UUID | None = None
    verified: bool = False
    mfa_due: bool = False
    """Whether a role requires a second factor that this person has still to set up."""
    request_id: str = ""
    key: str = ""
    origin: Origin | None = None
    address: str = ""
    device: str = ""
    """What the caller's program calls itself; only where nobody has signed in yet."""
    if_match: str = ""
    """The `If-Match` header; empty when any revision may be changed."""

    @classmethod
    def system(cls, *, origin: Origin | None = None, request_id: str = "") -> "Actor":
        """What an event handler or a timer acts as."""
        return cls(roles=frozenset({"system"}), origin=origin, request_id=request_id)

    @property
    def person(self) -> UUID:
        """The id of the person; `Unauthenticated` when there is none."""
        if self.id is None:
            raise TOKEN_MISSING()
        return self.id

    @property
    def heard(self) -> Origin:
        """Where the event comes from that a handler acts on; `LookupError` for who acts on none."""
        if self.origin is None:
            raise LookupError("only a handler of an event asks where it comes from")
        return self.origin

    def has(self, roles: Iterable[str]) -> bool:
        """Whether the actor holds one of the roles."""
        return not self.roles.isdisjoint(roles)

    def may_act_for(self, person_id: UUID, roles: Iterable[str] = ()) -> None:
        """Oneself, or anyone's for the holders of `roles`; else `NotFound`, so that nobody learns who exists."""
        if self.id != person_id and not self.has(roles):
            raise NOT_FOUND()

    def expects(self, revision: int) -> None:
        """`Stale` unless the caller has seen this revision, or has not said which one he saw."""
        seen = [tag.strip() for tag in self.if_match.split(",")]
        if self.if_match and "*" not in seen and f'"{revision}"' not in seen:
            raise STALE(revision=revision)


NOBODY = Actor()


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


def _actor_from(claims: dict[str, Any]) -> Actor:
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
