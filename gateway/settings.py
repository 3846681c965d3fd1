"""What is set up for the gateway alone, read from the environment at its start; `chassis.config` has what all share."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from environs import Env, EnvError
from limits import RateLimitItem, parse

from chassis.config import ConfigError
from contracts import origins

STORES = re.compile(r"memory://|(redis|rediss|redis\+unix)://\S+")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The gateway's settings; a limit that is None does not apply."""

    limits_url: str
    """`memory://` counts in this process, `redis://host:6379` for all gateways together."""
    limit_account: RateLimitItem | None
    """Requests of one account."""
    limit_sign_in: RateLimitItem | None
    """Failures of one address on each route where something could be guessed; requests where a success sends a mail."""
    limit_sign_in_tries: RateLimitItem | None
    """Tries of one address on each route where something could be guessed, whether they succeed or fail."""
    limit_address: RateLimitItem | None
    """Requests from one address without a token that counts."""
    trusted_proxies: int
    """How many proxies in front add to `X-Forwarded-For`; with 0 nobody is believed."""
    connections_each: int
    """Connections that one address may have; where a proxy is in front, that is everybody's, and nothing is counted."""
    request_seconds: float
    """Within which a request, head and body, must have come."""
    cors_origins: frozenset[str]
    """Whose pages may read our replies in a browser; `*` is any."""


def load() -> Settings:
    """The settings from the environment; `ConfigError` names every one that is malformed."""
    env, found, problems = Env(), dict[str, Any](), list[str]()
    for name, read in _SETTINGS.items():
        try:
            found[name] = read(env)
        except EnvError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError("; ".join(problems))
    return Settings(**found)


def _limit(name: str, default: str) -> Callable[[Env], RateLimitItem | None]:
    """A limit in the notation of the library, such as `10/minute`; empty for none."""

    def read(env: Env) -> RateLimitItem | None:
        text = env.str(name, default).strip()
        try:
            item = parse(text) if text else None
        except ValueError:
            item = parse("0/second")
        if item is not None and (item.amount < 1 or item.get_expiry() < 1 or re.search("[,;|]", text)):
            raise EnvError(f"{name}: {text!r} is no limit such as 10/minute")
        return item

    return read


def _store(env: Env) -> str:
    url = env.str("LIMITS_URL", "memory://")
    if not STORES.fullmatch(url):
        raise EnvError("LIMITS_URL is neither memory:// nor redis://host:port")
    return url


def _proxies(env: Env) -> int:
    number = env.int("TRUSTED_PROXIES", 0)
    if number < 0:
        raise EnvError("TRUSTED_PROXIES is less than 0")
    return number


def _connections(env: Env) -> int:
    number = env.int("MAX_CONNECTIONS_PER_ADDRESS", 2048)
    if number < 1:
        raise EnvError("MAX_CONNECTIONS_PER_ADDRESS is less than 1")
    return number


def _seconds(env: Env) -> float:
    seconds = env.float("REQUEST_SECONDS", 30.0)
    if not 0 < seconds <= 3600:  # noqa: PLR2004  an hour
        raise EnvError("REQUEST_SECONDS is not between 0 and 3600")
    return seconds


def _origins(env: Env) -> frozenset[str]:
    try:
        return origins.read_all(env.str("CORS_ORIGINS", ""))
    except ValueError as error:
        raise EnvError(f"CORS_ORIGINS: {error}") from None


_SETTINGS: dict[str, Callable[[Env], Any]] = {
    "limits_url": _store,
    "limit_account": _limit("LIMIT_ACCOUNT", "100/second"),
    "limit_sign_in": _limit("LIMIT_SIGN_IN", "10/minute"),
    "limit_sign_in_tries": _limit("LIMIT_SIGN_IN_TRIES", "300/minute"),
    "limit_address": _limit("LIMIT_ADDRESS", "1000/minute"),
    "trusted_proxies": _proxies,
    "connections_each": _connections,
    "request_seconds": _seconds,
    "cors_origins": _origins,
}
