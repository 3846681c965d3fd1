"""A hospital for the generated clients."""

from collections.abc import Iterator

import pytest

from tests.hospital import Hospital, embedded_hospital


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Start a hospital without demo people."""
    with embedded_hospital(tmp_path_factory.mktemp("clients")) as running:
        yield running
