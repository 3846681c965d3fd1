"""The process's settings, read once from the environment into one frozen object.

Everything that is missing or malformed is named at once, then the process stops: an operator fixes it in one go.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import Env, EnvError

SERVICES = ("auth", "scheduling", "clinical", "billing", "notify")


class ConfigError(Exception):
    """Some settings are missing or malformed; the text names each of them."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """All settings. Urls and paths as given; durations in seconds."""

    amqp_url: str
    """`amqp://user:password@host:5672/vhost`, or `embedded://name` inside one process."""
    database_urls: Mapping[str, str]
    """By service, from `AUTH_DATABASE_URL` and so on: `postgresql://...` or `sqlite:///...`."""
    jwks_file: Path
    """The public keys that tokens are verified with."""
    signing_keys: Path
    """Folder of the private keys; only the auth service reads it."""
    hospital_timezone: ZoneInfo
    http_host: str
    http_port: int
    health_port: int
    """Port of /health and /metrics of a service's own process; 0 for none."""
    public_url: str
    """Where clients reach the gateway, for links in mails."""
    mail_url: str
    """`file:///folder` writes .eml files; `smtp://user:password@host:port` sends."""
    mail_from: str
    mfa_required_roles: frozenset[str]
    """Roles that nobody uses without a second factor."""
    currency: str
    allow_sandbox_payments: bool
    workers: int
    """Requests that a service works on at once; the rest waits in the broker."""
    retry_delays: tuple[float, ...]
    """Waits before each new try of an event handler; then the message is a dead letter."""
    log_level: str

    def database_url(self, service: str) -> str:
        """The database of one service; `ConfigError` when it was not given."""
        try:
            return self.database_urls[service]
        except KeyError:
            raise ConfigError(f"{service.upper()}_DATABASE_URL is missing") from None


def load(*, services: tuple[str, ...] = (), needs: tuple[str, ...] = ("AMQP_URL",)) -> Config:
    """The settings from the process's environment; the databases of `services`, and `needs`, are required."""
    env, problems = Env(), list[str]()
    found = {name: _take(env, read, problems) for name, read in _SETTINGS.items()}
    urls = {service: env.str(f"{service.upper()}_DATABASE_URL", "") for service in SERVICES}
    wanted = [*needs, *(f"{service.upper()}_DATABASE_URL" for service in services)]
    problems += [f"{name} is missing" for name in wanted if not env.str(name, "")]
    if problems:
        raise ConfigError("; ".join(problems))
    return Config(**found, database_urls={service: url for service, url in urls.items() if url})


def _take(env: Env, read: Callable[[Env], Any], problems: list[str]) -> Any:
    try:
        return read(env)
    except EnvError as error:
        problems.append(str(error))
        return None


def _zone(env: Env) -> ZoneInfo:
    name = env.str("HOSPITAL_TIMEZONE", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise EnvError(f"HOSPITAL_TIMEZONE: {name!r} is not an IANA time zone") from None


_SETTINGS: dict[str, Callable[[Env], Any]] = {
    "amqp_url": lambda env: env.str("AMQP_URL", ""),
    "jwks_file": lambda env: Path(env.str("JWKS_FILE", "var/keys/jwks.json")),
    "signing_keys": lambda env: Path(env.str("SIGNING_KEYS", "var/keys/private")),
    "hospital_timezone": _zone,
    "http_host": lambda env: env.str("HTTP_HOST", "127.0.0.1"),
    "http_port": lambda env: env.int("HTTP_PORT", 8000),
    "health_port": lambda env: env.int("HEALTH_PORT", 0),
    "public_url": lambda env: env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/"),
    "mail_url": lambda env: env.str("MAIL_URL", "file:var/mail"),
    "mail_from": lambda env: env.str("MAIL_FROM", "hospital@localhost"),
    "mfa_required_roles": lambda env: frozenset(env.list("MFA_REQUIRED_ROLES", [], subcast=str.strip)),
    "currency": lambda env: env.str("CURRENCY", "EUR"),
    "allow_sandbox_payments": lambda env: env.bool("ALLOW_SANDBOX_PAYMENTS", False),
    "workers": lambda env: env.int("WORKERS", 16),
    "retry_delays": lambda env: tuple(env.list("RETRY_DELAYS", [1.0, 10.0, 60.0, 600.0], subcast=float)),
    "log_level": lambda env: env.str("LOG_LEVEL", "INFO").upper(),
}


_current: Config | None = None


def current() -> Config:
    """The process's settings."""
    if _current is None:
        raise ConfigError("the settings have not been loaded")
    return _current


def use(config: Config) -> Config:
    """Make these the process's settings, once, at its start."""
    global _current  # noqa: PLW0603  the one place where they are set
    _current = config
    return config
