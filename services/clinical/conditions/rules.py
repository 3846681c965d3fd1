"""Pure rules of conditions."""

import re

PREGNANCY = re.compile(r"O[0-9][0-9A]|Z33|Z34|Z35|Z3A", re.IGNORECASE)
"""ICD-10: chapter XV (O00-O99, in the US until O9A), Z33 pregnant state, Z34 and Z35 supervision of pregnancy, and
Z3A weeks of gestation (US)."""


def means_pregnancy(code: str | None) -> bool:
    """Return whether a code of ICD-10 stands for a pregnancy, a birth or the weeks after it."""
    return code is not None and PREGNANCY.match(code) is not None
