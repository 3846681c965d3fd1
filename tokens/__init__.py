"""Access tokens (RFC 9068, EdDSA). Auth signs them. All other processes verify them with the public keys.

By default PyJWT accepts a missing `exp`, any `typ` and several audiences, so `read` checks all three.
"""

from collections.abc import Sequence
from typing import NotRequired, TypedDict, cast

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokens.keys import KeySet, UnknownKey

ALGORITHM = "EdDSA"
ISSUER = "matron"
AUDIENCE = "matron"
TOKEN_TYPE = "at+jwt"  # noqa: S105  the media type of RFC 9068, not a password
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti"]


class Claims(TypedDict):
    """The claims of an access token. Auth also sets those that a valid token may lack."""

    iss: str
    aud: str
    sub: str
    """The account."""
    jti: str
    iat: int
    exp: int
    """The end, in Unix time."""
    sid: NotRequired[str]
    """The session."""
    roles: NotRequired[Sequence[str]]
    verified: NotRequired[bool]
    """Whether the e-mail address is verified."""
    mfa_due: NotRequired[bool]
    """Whether the account must set up a second factor first."""


class TokenInvalid(Exception):
    """The token is not valid."""


class TokenExpired(TokenInvalid):
    """The token was valid, and has expired."""


def sign(key: Ed25519PrivateKey, key_id: str, claims: Claims) -> str:
    """Sign an access token with these claims."""
    return jwt.encode(dict(claims), key, algorithm=ALGORITHM, headers={"kid": key_id, "typ": TOKEN_TYPE})


def read(token: str, key_set: KeySet) -> Claims:
    """Verify a token, and return its claims. `TokenExpired`, or `TokenInvalid` for any other error."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != TOKEN_TYPE or "crit" in header:
            raise TokenInvalid
        claims = jwt.decode(
            token,
            key_set.find(header.get("kid")),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": REQUIRED, "strict_aud": True},
        )
        return cast("Claims", claims)
    except jwt.ExpiredSignatureError:
        raise TokenExpired from None
    except (jwt.PyJWTError, UnknownKey, ValueError, TypeError):
        raise TokenInvalid from None
