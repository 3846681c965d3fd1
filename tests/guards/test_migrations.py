"""Migrations are numbered in one line, and they create exactly the declared tables."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from chassis.config import SERVICES
from chassis.persistence.database import Database
from matron.migrations import _configured, differences, folder_of, migrate
from tests.guards.house import ROOT


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    """Each service."""
    name: str = request.param
    return name


def test_migrations_are_numbered_without_gaps(service: str) -> None:
    names = sorted(path.name for path in folder_of(service).glob("*.py") if path.name != "__init__.py")
    expected = [f"{number:04}" for number in range(1, len(names) + 1)]
    assert [name.partition("_")[0] for name in names] == expected, f"{service}: a reader must see their order"


def test_migrations_have_one_head(service: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/{service}.db")
    with _configured(service, database) as config:
        script = ScriptDirectory.from_config(config)
        assert len(script.get_heads()) == 1, f"{service}: with two heads, the target revision is unknown"
        revisions = [one.revision for one in script.walk_revisions()]
    database.close()
    assert revisions == sorted(revisions, reverse=True), f"{service}: the numbers are not in the order of the chain"


def test_every_change_of_the_tables_has_a_migration(service: str, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/{service}.db")
    migrate(service, database)
    found = differences(service, database)
    database.close()
    assert found == [], f"{service}: run `make migration SERVICE={service} MESSAGE=...`; missing is {found}"


def test_every_migration_can_be_reverted() -> None:
    found = [path.name for path in ROOT.glob("services/*/migrations/0*.py") if "def downgrade" not in path.read_text()]
    assert not found, f"{found}: a release that goes wrong must be undone"
