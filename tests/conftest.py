"""What all tests share. Chassis comes first: it makes the process green before anything else is imported."""

import chassis  # noqa: F401  # isort: skip

pytest_plugins = ("tests.servers.fixtures", "tests.databases")
