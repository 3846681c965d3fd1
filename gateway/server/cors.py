"""CORS: the settings name the origins whose pages may read replies in a browser. By default there are none.

A page sends its token in a header and never in a cookie, so CORS credentials are never allowed.
"""

from collections.abc import Iterable

ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id"
EXPOSED_HEADERS = "ETag, Location, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, Retry-After, X-Request-Id"
MAX_AGE = "600"
"""Seconds that a browser caches a preflight reply. Chromium caches it for two hours at most."""

Headers = list[tuple[str, str]]


class Cors:
    """The CORS headers for pages of these origins; `*` is any origin."""

    def __init__(self, origins: Iterable[str]) -> None:
        self.origins = frozenset(origins)
        self.is_on = bool(self.origins)
        self.allows_all = "*" in self.origins

    def allows(self, origin: str) -> bool:
        """Whether pages of an origin may read replies."""
        return bool(origin) and (self.allows_all or origin in self.origins)

    def of_reply(self, origin: str) -> Headers:
        """Return the headers of a reply to a page of an allowed origin."""
        return [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Expose-Headers", EXPOSED_HEADERS),
            ("Cross-Origin-Resource-Policy", "cross-origin"),
        ]

    def of_preflight(self, origin: str, methods: str) -> Headers:
        """Return the headers of a reply to a preflight request."""
        if not self.allows(origin):
            return []
        return [
            ("Access-Control-Allow-Methods", methods),
            ("Access-Control-Allow-Headers", ALLOWED_HEADERS),
            ("Access-Control-Max-Age", MAX_AGE),
        ]
