"""Migrations make just what the code's tables say, on PostgreSQL as well."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from chassis.config import SERVICES
from chassis.persistence import tables
from chassis.persistence.database import Database
from matron.migrations import differences, migrate
from tests.databases import KINDS

EACH = pytest.mark.parametrize("service", SERVICES)
BOTH = pytest.mark.parametrize("kind", KINDS)


@EACH
@BOTH
def test_the_migrations_make_the_tables_of_the_code(
    databases: Callable[[str, str], Database], service: str, kind: str
) -> None:
    assert differences(service, databases(service, kind)) == []


@EACH
@BOTH
def test_migrating_again_changes_nothing(databases: Callable[[str, str], Database], service: str, kind: str) -> None:
    database = databases(service, kind)
    assert migrate(service, database) == migrate(service, database)


@EACH
@BOTH
def test_relay_has_a_row_for_each_audience(databases: Callable[[str, str], Database], service: str, kind: str) -> None:
    with databases(service, kind).read() as session:
        assert {bool(one) for one in session.scalars(select(tables.relay.c.internal))} == {False, True}
