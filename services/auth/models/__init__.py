"""The tables of auth: all of them are known to `Base` once this package is imported."""

from services.auth.models import (  # noqa: F401  an import adds the tables to the metadata
    accounts,
    grants,
    logins,
    mfa,
    patients,
    sessions,
    upgrades,
    visits,
)
from services.auth.models.base import Base

__all__ = ["Base"]
