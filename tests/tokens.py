"""Keys and access tokens for tests, without the auth service."""

import time
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from uuid_utils.compat import uuid7

from tokens import ALGORITHM, AUDIENCE, ISSUER, sign

KEY_ID = "test-key"


class Mint:
    """Signs tokens that the services accept."""

    def __init__(self, jwks_file: Path) -> None:
        self.jwks_file, self.key = jwks_file, Ed25519PrivateKey.generate()
        public = {**OKPAlgorithm.to_jwk(self.key.public_key(), as_dict=True), "kid": KEY_ID, "alg": ALGORITHM}
        jwks_file.write_bytes(orjson.dumps({"keys": [public]}))

    def claims(self, *roles: str, person: UUID | None = None, **changes: Any) -> dict[str, Any]:
        """The claims of a valid token. A change to None omits a claim."""
        now = int(time.time())
        given = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(person or uuid7()),
            "sid": str(uuid7()),
            "jti": str(uuid7()),
            "iat": now,
            "exp": now + 900,
            "roles": list(roles),
            "verified": True,
        }
        return {name: value for name, value in {**given, **changes}.items() if value is not None}

    def token(self, *roles: str, person: UUID | None = None, **changes: Any) -> str:
        """A token with these roles."""
        return sign(self.key, KEY_ID, self.claims(*roles, person=person, **changes))
