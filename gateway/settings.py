"""Settings of the gateway from the environment. `chassis.config` has the settings that all services share."""

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
    """The settings of the gateway. A limit of None does not apply."""

    limits_url: str
    """`memory://` counts in this process; `redis://host:6379` counts for all gateways together."""
    limit_account: RateLimitItem | None
    """Requests of one account."""
    limit_sign_in: RateLimitItem | None
    """Failures of one network for each command that a guess could use; requests for each command that sends a mail."""
    limit_sign_in_tries: RateLimitItem | None
    """Attempts of one network for each command that a guess could use, successful or not."""
    limit_address: RateLimitItem | None
    """Requests of one network without a good token."""
    trusted_proxies: int
    """Proxies in front that append to `X-Forwarded-For`. With 0, the header is ignored."""
    connections_each: int
    """Connections of one network. Behind a proxy, all clients share its address, so there is no bound."""
    request_seconds: float
    """Seconds within which a request must arrive, head and body."""
    cors_origins: frozenset[str]
    """Origins whose pages may read replies in a browser; `*` is any origin."""


def load() -> Settings:
    """Read the settings from the environment. ConfigError: it names each malformed setting."""
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
    """Read a limit in the library's notation, such as `10/minute`; empty means no limit."""

    def read(env: Env) -> RateLimitItem | None:
        text = env.str(name, default).strip()
        try:
            item = parse(text) if text else None
        except ValueError:
            item = parse("0/second")
        if item is not None and (item.amount < 1 or item.get_expiry() < 1 or re.search("[,;|]", text)):
            raise EnvError(f"{name}: {text!r} is not a limit such as 10/minute")
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
