"""Migrations of the services' databases: Alembic, with one environment for all and numbered files in each service."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command, op
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData

from chassis import tables
from chassis.database import Database
from chassis.tables import BigSerial, Moment

ENVIRONMENT = Path(__file__).parent / "alembic"


def folder_of(service: str) -> Path:
    """Where a service's migrations are."""
    module = import_module(f"services.{service}")
    return Path(str(module.__file__)).parent / "migrations"


def metadata_of(service: str) -> list[MetaData]:
    """The tables that a service's code means to have."""
    return [import_module(f"services.{service}.models").Base.metadata, tables.metadata]


@contextmanager
def _configured(service: str, database: Database) -> Iterator[AlembicConfig]:
    config = AlembicConfig()
    config.set_main_option("script_location", str(ENVIRONMENT).replace("%", "%%"))
    config.set_main_option("version_locations", str(folder_of(service)).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    with database.engine.connect() as connection:
        connection.detach()  # Its settings and lock are not for the pool.
        config.attributes.update(connection=connection, metadata=metadata_of(service))
        yield config


def migrate(service: str, database: Database) -> str:
    """Bring a database up to date; the revision that it has then. Does nothing when it is."""
    with _configured(service, database) as config:
        command.upgrade(config, "head")
        return str(ScriptDirectory.from_config(config).get_current_head())


def write_migration(service: str, database: Database, message: str) -> Path:
    """Write the next numbered migration, from what the code's tables have and the database has not."""
    with _configured(service, database) as config:
        number = len(list(folder_of(service).glob("[0-9]*.py"))) + 1
        script: Any = command.revision(
            config, message, autogenerate=True, rev_id=f"{number:04}", version_path=str(folder_of(service))
        )
        return Path(script.path)


def differences(service: str, database: Database) -> list[Any]:
    """What the code's tables and a migrated database differ in; empty when a migration is not missing."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return list(compare_metadata(context, metadata_of(service)))  # type: ignore[arg-type]


def create_chassis_tables() -> None:
    """The tables that every service has, as of the first migration. A change to them is a function of its own."""
    op.create_table(
        "outbox",
        sa.Column("position", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("event_id", sa.Uuid, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("internal", sa.Boolean, nullable=False),
        sa.Column("subject", sa.String(100), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("correlation_id", sa.String(100), nullable=False),
        sa.Column("occurred_at", Moment, nullable=False),
        sa.Column("sequence", sa.BigInteger),
    )
    fresh = sa.text("sequence IS NULL")
    op.create_index("ix_outbox_fresh", "outbox", ["position"], postgresql_where=fresh, sqlite_where=fresh)
    op.create_index("uq_outbox_internal_sequence", "outbox", ["internal", "sequence"], unique=True)
    relay = op.create_table(
        "relay",
        sa.Column("internal", sa.Boolean, primary_key=True),
        sa.Column("sent_through", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(relay, [{"internal": False, "sent_through": 0}, {"internal": True, "sent_through": 0}])
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid, primary_key=True),
        sa.Column("handler", sa.String(100), primary_key=True),
        sa.Column("handled_at", Moment, nullable=False),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"], postgresql_using="brin")
    _create_idempotency()
    _create_audit()


def _create_idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("actor", sa.String(40), primary_key=True),
        sa.Column("command", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("plan", sa.JSON),
        sa.Column("reply", sa.JSON),
        sa.Column("created_at", Moment, nullable=False),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], postgresql_using="brin")


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", BigSerial, primary_key=True, autoincrement=True),
        sa.Column("at", Moment, nullable=False),
        sa.Column("actor_id", sa.Uuid),
        sa.Column("action", sa.String(100), nullable=False),
        sa.Column("record_id", sa.Uuid),
        sa.Column("allowed", sa.Boolean, nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("request_id", sa.String(100), nullable=False),
    )
    op.create_index("ix_audit_at", "audit", ["at"], postgresql_using="brin")
    for column in ("actor_id", "record_id"):
        op.create_index(f"ix_audit_{column}", "audit", [column])


def drop_chassis_tables() -> None:
    """The reverse of `create_chassis_tables`."""
    for table in ("audit", "idempotency", "inbox", "relay", "outbox"):
        op.drop_table(table)
