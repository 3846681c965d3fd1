"""Read the settings that one service defines and reads alone."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from environs import Env, EnvError
from marshmallow.validate import Length, Range, Regexp

from services.billing.settings import BillingSettings, FlutterwaveSettings, PaystackSettings, StripeSettings
from services.clinical.settings import ClinicalSettings

URL = Regexp(r"https?://[^/\s]+(/\S*)?\Z", error="expected an address such as https://...")
Reader = Callable[[Env], Any]


def _secret(env: Env, name: str) -> str:
    """Return a secret from its variable, or from the file that `<name>_FILE` names; empty if neither is set."""
    value, path = env.str(name, ""), env.str(f"{name}_FILE", "")
    if value and path:
        raise EnvError(f"{name} and {name}_FILE are both set: set one of them")
    try:
        return Path(path).read_text().strip() if path else value
    except (OSError, UnicodeDecodeError):
        raise EnvError(f"{name}_FILE: the file cannot be read") from None


def _url(env: Env, name: str, default: str) -> str:
    return env.str(name, default, validate=URL).rstrip("/")


def _stripe(env: Env) -> StripeSettings | None:
    key, secrets = _together(env, "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET")
    url = _url(env, "STRIPE_URL", StripeSettings.url)
    return StripeSettings(secret_key=key, webhook_secrets=tuple(secrets.split(",")), url=url) if key else None


def _paystack(env: Env) -> PaystackSettings | None:
    key, url = _secret(env, "PAYSTACK_SECRET_KEY"), _url(env, "PAYSTACK_URL", PaystackSettings.url)
    return PaystackSettings(secret_key=key, url=url) if key else None


def _flutterwave(env: Env) -> FlutterwaveSettings | None:
    key, digest = _together(env, "FLUTTERWAVE_SECRET_KEY", "FLUTTERWAVE_SECRET_HASH")
    url = _url(env, "FLUTTERWAVE_URL", FlutterwaveSettings.url)
    return FlutterwaveSettings(secret_key=key, secret_hash=digest, url=url) if key else None


def _together(env: Env, *names: str) -> list[str]:
    """Return secrets that only work together."""
    found = [_secret(env, name) for name in names]
    if any(found) and not all(found):
        missing = ", ".join(name for name, value in zip(names, found, strict=True) if not value)
        raise EnvError(f"{missing} is missing: {' and '.join(names)} work together")
    return found


def _path(env: Env, name: str) -> Path | None:
    text = env.str(name, "")
    return Path(text) if text else None


_BILLING: dict[str, Reader] = {
    "currency": lambda env: env.str(
        "CURRENCY", "EUR", validate=Regexp("[A-Z]{3}$", error="expected an ISO 4217 code such as EUR")
    ),
    "allow_sandbox_payments": lambda env: env.bool("ALLOW_SANDBOX_PAYMENTS", False),
    "stripe": _stripe,
    "paystack": _paystack,
    "flutterwave": _flutterwave,
    "due_after": lambda env: timedelta(
        days=env.int("INVOICE_DUE_DAYS", 30, validate=Range(0, 365, error="expected {min} to {max} days"))
    ),
    "hospital_name": lambda env: env.str("HOSPITAL_NAME", "Hospital", validate=Length(1, 100)),
    "hospital_address": lambda env: env.str("HOSPITAL_ADDRESS", "", validate=Length(max=500)).replace("\\n", "\n"),
    "hospital_tax_id": lambda env: env.str("HOSPITAL_TAX_ID", "", validate=Length(max=50)),
    "hospital_logo": lambda env: _path(env, "HOSPITAL_LOGO"),
}
_CLINICAL: dict[str, Reader] = {
    "medicine_data": lambda env: _path(env, "MEDICINE_DATA"),
    "lab_two_persons": lambda env: env.bool("LAB_TWO_PERSONS", False),
    "lab_data": lambda env: _path(env, "LAB_DATA"),
}
READERS: dict[type, dict[str, Reader]] = {BillingSettings: _BILLING, ClinicalSettings: _CLINICAL}
"""How each setting is read from the environment, by the class that holds the settings of a service."""
