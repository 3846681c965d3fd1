"""The process's settings: one frozen object, made at its start. `matron.environment` reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

T = TypeVar("T")
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
    """The address of the gateway, for links in mails."""
    mail_url: str
    """`file:///folder` writes .eml files; `smtp://user:password@host:port` sends."""
    mail_from: str
    attachments_url: str
    """`file:///folder` or `s3://bucket/prefix`; only the gateway and clinical use it."""
    mfa_required_roles: frozenset[str]
    """Roles that require a second factor."""
    cors_origins: frozenset[str] = frozenset()
    """Besides our own, to whose pages a payer may go back: `CORS_ORIGINS`."""
    workers: int
    """Requests that a service works on at once; the rest waits in the broker."""
    allow_unsigned_events: bool
    """Whether events without an account are taken, as those of earlier versions are."""
    retry_delays: tuple[float, ...]
    """Waits before each new try of an event handler; then the message is a dead letter."""
    log_level: str

    of_services: Mapping[type, object] = field(default_factory=dict)
    """Settings that one service defines and reads alone, by their class."""

    def of(self, kind: type[T]) -> T:
        """The settings of this class; its defaults when none were given."""
        return cast("T", self.of_services.get(kind) or kind())

    def database_url(self, service: str) -> str:
        """The database of one service; `ConfigError` when it was not given."""
        if service not in self.database_urls:
            raise ConfigError(f"{service.upper()}_DATABASE_URL is missing")
        return self.database_urls[service]


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
