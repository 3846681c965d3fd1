"""Migrations of notify."""

from chassis.persistence.database import Database
from matron.migrations import differences


def test_migrated_database_matches_the_models(database: Database) -> None:
    assert differences("notify", database) == []
