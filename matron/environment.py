"""Read the settings from the environment, once. The error names all missing and wrong settings together.

No message shows a value: an address may contain a password.
"""

from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from environs import Env, EnvError
from marshmallow import ValidationError
from marshmallow.validate import Length, OneOf, Range

from chassis.config import SERVICES, Config, ConfigError
from contracts import origins
from matron.service_settings import READERS

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LONGEST_WAIT = 30 * 24 * 3600
PORT = Range(0, 65535, error="expected a port, from {min} to {max}")
WITHOUT_HOST = ("file", "sqlite")
T = TypeVar("T")


def load(*, services: tuple[str, ...] = (), needs: tuple[str, ...] = ("AMQP_URL",)) -> Config:
    """Read the settings. The databases of `services`, and the settings in `needs`, are required.

    `ConfigError` names every missing or wrong setting, and the expected form.
    """
    env, problems = Env(), list[str]()
    found = _taken(env, _SETTINGS, problems)
    of_services = {kind: _taken(env, readers, problems) for kind, readers in READERS.items()}
    urls = _taken(env, {service: _database(service) for service in SERVICES}, problems)
    wanted = [*needs, *(f"{service.upper()}_DATABASE_URL" for service in services)]
    problems += [f"{name} is missing" for name in wanted if not env.str(name, "")]
    if problems:
        raise ConfigError("; ".join(problems))
    sections = {kind: kind(**settings) for kind, settings in of_services.items()}
    return Config(**found, database_urls={name: url for name, url in urls.items() if url}, of_services=sections)


def _taken(env: Env, settings: Mapping[str, Callable[[Env], T]], problems: list[str]) -> dict[str, T]:
    """Read settings. A sentence about each malformed one is added to `problems`."""
    found = {}
    for name, read in settings.items():
        try:
            found[name] = read(env)
        except EnvError as error:
            problems.append(_as_sentence(error))
    return found


def _as_sentence(error: EnvError) -> str:
    """Shorten the library's `Environment variable "X" invalid: ['...']` to `X: ...`."""
    name, _, rest = str(error).removeprefix('Environment variable "').partition('" invalid: ')
    return f"{name}: {rest.strip('[]')}".replace("'", "").replace('"', "") if rest else str(error)


def _address(*schemes: str) -> Callable[[str], None]:
    """Make a check of an address: one of these schemes, a host unless it names a file, and a valid port."""

    def check(url: str) -> None:
        try:
            parts = urlsplit(url)
            right = parts.scheme in schemes and (bool(parts.hostname) or parts.scheme in WITHOUT_HOST)
            right = right and (parts.port is None or parts.port >= 0)  # An invalid port raises.
        except ValueError:
            right = False
        if url and not right:
            raise ValidationError(f"expected an address such as {' or '.join(f'{one}://...' for one in schemes)}")

    return check


def _database(service: str) -> Callable[[Env], str]:
    check = _address("postgresql", "sqlite", "postgres", "postgresql+psycopg")
    return lambda env: env.str(f"{service.upper()}_DATABASE_URL", "", validate=check)


def _zone(env: Env) -> ZoneInfo:
    name = env.str("HOSPITAL_TIMEZONE", "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise EnvError(f"HOSPITAL_TIMEZONE: {name!r} is not an IANA time zone") from None


def _sender(text: str) -> None:
    """Check that the text is one mailbox, as `services.notify.deliveries.mail` writes it into a mail."""
    message = EmailMessage(SMTP)
    try:
        message["From"] = text
        [mailbox] = message["From"].addresses
        right = bool(mailbox.username and mailbox.domain) and not message["From"].defects
    except (ValueError, LookupError):
        right = False
    if not right:
        raise ValidationError("expected one mailbox such as Hospital <post@hospital.example>")


def _origins(env: Env) -> frozenset[str]:
    try:
        return origins.read_all(env.str("CORS_ORIGINS", ""))
    except ValueError as error:
        raise EnvError(f"CORS_ORIGINS: {error}") from None


def _waits(env: Env) -> tuple[float, ...]:
    waits = env.list("RETRY_DELAYS", [1.0, 10.0, 60.0, 600.0], subcast=float)
    if not waits or not all(0.001 <= wait <= LONGEST_WAIT for wait in waits):  # noqa: PLR2004  the broker counts in ms
        raise EnvError("RETRY_DELAYS: expected one or more waits in seconds, each above 0, such as 1,10,60")
    return tuple(waits)


_SETTINGS: dict[str, Callable[[Env], Any]] = {
    "amqp_url": lambda env: env.str("AMQP_URL", "", validate=_address("amqp", "amqps", "pyamqp", "embedded")),
    "jwks_file": lambda env: Path(env.str("JWKS_FILE", "var/keys/jwks.json")),
    "signing_keys": lambda env: Path(env.str("SIGNING_KEYS", "var/keys/private")),
    "hospital_timezone": _zone,
    "http_host": lambda env: env.str("HTTP_HOST", "127.0.0.1", validate=Length(1, error="expected an address")),
    "http_port": lambda env: env.int("HTTP_PORT", 8000, validate=PORT),
    "health_port": lambda env: env.int("HEALTH_PORT", 0, validate=PORT),
    "public_url": lambda env: env.str("PUBLIC_URL", "http://127.0.0.1:8000", validate=_address("https", "http")).rstrip(
        "/"
    ),
    "mail_url": lambda env: env.str("MAIL_URL", "file:var/mail", validate=_address("smtp", "smtps", "file")),
    "mail_from": lambda env: env.str("MAIL_FROM", "hospital@localhost", validate=_sender),
    "attachments_url": lambda env: env.str("ATTACHMENTS_URL", "file:var/attachments", validate=_address("file", "s3")),
    "mfa_required_roles": lambda env: frozenset(env.list("MFA_REQUIRED_ROLES", [], subcast=str.strip)),
    "allow_unsigned_events": lambda env: env.bool("ALLOW_UNSIGNED_EVENTS", False),
    "cors_origins": _origins,
    "workers": lambda env: env.int("WORKERS", 16, validate=Range(1, 1000, error="expected {min} to {max}")),
    "retry_delays": _waits,
    "log_level": lambda env: env.str(
        "LOG_LEVEL", "INFO", validate=lambda level: OneOf(LEVELS, error="expected one of {choices}")(level.upper())
    ).upper(),
}
