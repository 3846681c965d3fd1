"""The OpenAPI document of the odd gateway."""

from typing import Any

import pytest

from tests.gateway.documents.odd import described


@pytest.fixture(scope="session")
def odd() -> dict[str, Any]:
    """Return the OpenAPI document of the odd gateway."""
    return described()
