"""Whose pages may read our replies in a browser (CORS). Nobody's, unless the settings name their origins.

Tokens travel in a header that a page sets itself, never in cookies, so credentials are not allowed for anybody.
"""

from collections.abc import Iterable

ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"
EXPOSED_HEADERS = "ETag, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id"
MAX_AGE = "600"
"""Seconds that a browser keeps what it was told. Chromium keeps nothing for longer than two hours."""

Headers = list[tuple[str, str]]


class Cors:
    """What is told to the pages of these origins; `*` is any."""

    def __init__(self, origins: Iterable[str]) -> None:
        self.origins = frozenset(origins)
        self.is_on = bool(self.origins)
        self.allows_all = "*" in self.origins

    def allows(self, origin: str) -> bool:
        """Whether pages of an origin may read our replies."""
        return bool(origin) and (self.allows_all or origin in self.origins)

    def of_reply(self, origin: str) -> Headers:
        """The headers of any reply to a page of an origin that is allowed."""
        return [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
        ]

    def of_preflight(self, origin: str, methods: str) -> Headers:
        """What a browser is told that asks before it sends a page's request."""
        if not self.allows(origin):
            return []
        return [
            ("Access-Control-Allow-Methods", methods),
            ("Access-Control-Allow-Headers", ALLOWED_HEADERS),
            ("Access-Control-Max-Age", MAX_AGE),
        ]
