"""Who asks: tokens are verified here, in every service, from the public keys alone.

Tokens are verified once and remembered until they end, since a signature costs more than all the rest of the check.
PyJWT accepts a missing `exp`, any `typ` and several audiences unless it is told otherwise.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chassis.contract import Origin
from chassis.errors import Forbidden, NotFound, Unauthenticated

ALGORITHM = "EdDSA"
ISSUER = "matron"
AUDIENCE = "matron"
TOKEN_TYPE = "at+jwt"  # noqa: S105  the media type of RFC 9068, not a password
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti"]
REMEMBERED = 10_000
RELOAD_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf something is done: a person with a token, nobody, or the system itself."""

    id: UUID | None = None
    roles: frozenset[str] = frozenset()
    session_id: UUID | None = None
    verified: bool = False
    request_id: str = ""
    key: str = ""
    origin: Origin | None = None
    address: str = ""

    @classmethod
    def system(cls, *, origin: Origin | None = None, request_id: str = "") -> "Actor":
        """What an event handler or a timer acts as."""
        return cls(roles=frozenset({"system"}), origin=origin, request_id=request_id)

    @property
    def person(self) -> UUID:
        """The id of the person; `Unauthenticated` when there is none."""
        if self.id is None:
            raise Unauthenticated("token_missing", "Sign in first.")
        return self.id

    def has(self, roles: Iterable[str]) -> bool:
        """Whether the actor holds one of the roles."""
        return not self.roles.isdisjoint(roles)

    def may_act_for(self, person_id: UUID, roles: Iterable[str] = ()) -> None:
        """Oneself, or anyone's for the holders of `roles`; else `NotFound`, so that nobody learns who exists."""
        if self.id != person_id and not self.has(roles):
            raise NotFound("not_found", "There is no such record.")


NOBODY = Actor()


class KeySet:
    """The public keys of the auth service, by key id, read again from their file when an unknown one turns up."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keys: dict[str, Any] = {}
        self.read_at = float("-inf")

    def find(self, key_id: object) -> Any:
        """The key with this id; `Unauthenticated` when there is none."""
        if key_id not in self.keys and time.monotonic() - self.read_at > RELOAD_SECONDS:
            self.reload()
        if not isinstance(key_id, str) or key_id not in self.keys:
            raise Unauthenticated("token_invalid", "The access token is not valid.")
        return self.keys[key_id]

    def reload(self) -> None:
        """Read the file again; one that is missing is an empty set."""
        self.read_at = time.monotonic()
        if self.path.exists():
            found = jwt.PyJWKSet.from_dict(orjson.loads(self.path.read_bytes()))
            self.keys = {key.key_id: key.key for key in found.keys if key.key_id}


class Verifier:
    """Turns access tokens into actors."""

    def __init__(self, key_set: KeySet) -> None:
        self.key_set = key_set
        self.known: dict[str, tuple[float, Actor]] = {}

    def actor(self, token: str) -> Actor:
        """The actor of a token; `Unauthenticated` with `token_invalid` or `token_expired`."""
        remembered = self.known.get(token)
        if remembered is None:
            remembered = self._remember(token)
        if remembered[0] <= time.time():
            self.known.pop(token, None)
            raise Unauthenticated("token_expired", "The access token has ended; refresh it.")
        return remembered[1]

    def _remember(self, token: str) -> tuple[float, Actor]:
        claims = self._claims(token)
        if len(self.known) >= REMEMBERED:
            self.known.clear()
        self.known[token] = (float(claims["exp"]), _actor_from(claims))
        return self.known[token]

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            if header.get("typ") != TOKEN_TYPE or "crit" in header:
                raise jwt.InvalidTokenError
            return jwt.decode(
                token,
                self.key_set.find(header.get("kid")),
                algorithms=[ALGORITHM],
                issuer=ISSUER,
                audience=AUDIENCE,
                options={"require": REQUIRED, "strict_aud": True},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("token_expired", "The access token has ended; refresh it.") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise Unauthenticated("token_invalid", "The access token is not valid.") from None


def _actor_from(claims: dict[str, Any]) -> Actor:
    try:
        return Actor(
            id=UUID(claims["sub"]),
            roles=frozenset(claims["roles"]),
            session_id=UUID(claims["sid"]),
            verified=bool(claims["verified"]),
        )
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Unauthenticated("token_invalid", "The access token is not valid.") from None


def sign(key: Ed25519PrivateKey, key_id: str, claims: dict[str, Any]) -> str:
    """An access token of these claims (RFC 9068)."""
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id, "typ": TOKEN_TYPE})


def check_right(actor: Actor, roles: frozenset[str], *, verified: bool) -> None:
    """The caller's right to ask at all: `Unauthenticated`, `role_missing` or `address_not_verified`."""
    if actor.id is None and roles:
        raise Unauthenticated("token_missing", "Sign in first.")
    if roles and not actor.has(roles):
        raise Forbidden("role_missing", "Your roles do not allow this.")
    if verified and not actor.verified:
        raise Forbidden("address_not_verified", "Verify your e-mail address first.")


def on_behalf(actor: Actor, *, request_id: str, key: str, address: str = "") -> Actor:
    """The actor within one request."""
    return replace(actor, request_id=request_id, key=key, address=address)
