"""The settings of clinical. `matron.environment` reads them."""

from dataclasses import dataclass
from pathlib import Path

from chassis import config


@dataclass(frozen=True, kw_only=True)
class ClinicalSettings:
    """All settings that only clinical reads."""

    medicine_data: Path | None = None
    """Folder that replaces the built-in medicine data: `MEDICINE_DATA`."""
    lab_data: Path | None = None
    """Folder that replaces the built-in laboratory catalogue: `LAB_DATA`."""
    lab_two_persons: bool = False
    """Whether a second technician verifies laboratory results: `LAB_TWO_PERSONS`."""


def current() -> ClinicalSettings:
    """Return the settings of clinical."""
    return config.current().of(ClinicalSettings)
