"""Fixtures of all tests. The chassis is imported first: it makes the process green before any other import."""

import chassis  # noqa: F401  # isort: skip

import gc
import os
import threading

import pytest
from hypothesis import HealthCheck, settings

# A process that turns green after the import of threading has two objects for its main thread. pytest-timeout compares
# them, and would end the whole run at the first slow test, instead of that test.
threading._main_thread = threading.current_thread()  # type: ignore[attr-defined]

# The time of an example on a busy machine says nothing about the rule.
EXAMPLES = 1000 if os.environ.get("HYPOTHESIS_LONG") else 40
settings.register_profile(
    "unhurried", deadline=None, max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("unhurried")

pytest_plugins = ("tests.servers.fixtures", "tests.databases", "tests.lane_projects")


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Keep the garbage collector away from thousands of collected tests, which live until the end."""
    gc.collect()
    gc.freeze()
