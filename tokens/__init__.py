"""Access tokens: signed by auth, checked by everybody else from the public keys alone (RFC 9068, EdDSA).

PyJWT accepts a missing `exp`, any `typ` and several audiences unless it is told otherwise.
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
    """The token is not one of ours."""


class TokenExpired(TokenInvalid):
    """The token was one of ours, and has ended."""


def sign(key: Ed25519PrivateKey, key_id: str, claims: dict[str, Any]) -> str:
    """An access token of these claims."""
    return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": key_id, "typ": TOKEN_TYPE})


def read(token: str, key_set: KeySet) -> dict[str, Any]:
    """The claims of a token. `TokenExpired`, or `TokenInvalid` for whatever else may be wrong with it."""
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
