"""Access tokens (RFC 9068, EdDSA). Auth signs them. All other processes verify them with the public keys.

By default PyJWT accepts a missing `exp`, any `typ` and several audiences, so `read` checks all three.
"""

from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tokens.keys import KeySet, UnknownKey

ALGORITHM = "EdDSA"
ISSUER = "matron"
AUDIENCE = "matron"
TOKEN_TYPE = "at+jwt"  # noqa: S105  the media type of RFC 9068, not a password
REQUIRED = ["exp", "iat", "iss", "aud", "sub", "jti"]


class TokenInvalid(Exception):
    """The token is not valid."""


class TokenExpired(TokenInvalid):
    """The token was valid, and has expired."""


def sign(key: Ed25519PrivateKey, key_id: str, claims: dict[str, Any]) -> str:
    """Sign an access token with these claims."""
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id, "typ": TOKEN_TYPE})


def read(token: str, key_set: KeySet) -> dict[str, Any]:
    """Verify a token, and return its claims. `TokenExpired`, or `TokenInvalid` for any other error."""
    try:
        header = jwt.get_unverified_header(token)
        if header.get("typ") != TOKEN_TYPE or "crit" in header:
            raise TokenInvalid
        return jwt.decode(
            token,
            key_set.find(header.get("kid")),
            algorithms=[ALGORITHM],
            issuer=ISSUER,
            audience=AUDIENCE,
            options={"require": REQUIRED, "strict_aud": True},
        )
    except jwt.ExpiredSignatureError:
        raise TokenExpired from None
    except (jwt.PyJWTError, UnknownKey, ValueError, TypeError):
        raise TokenInvalid from None
