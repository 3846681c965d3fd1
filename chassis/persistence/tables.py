"""The tables that every service's database has: outbox, inbox, idempotency keys and audit.

They are plain tables, not mapped classes, since only the chassis writes them, many rows in one statement.
"""

from datetime import UTC, datetime

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A point in time, always with its zone, always UTC. SQLite, which has no such type, gets UTC without zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[datetime]:
        """The Python type of a value, for the cursors of lists."""
        return datetime

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """The column type of this database."""
        return dialect.type_descriptor(DateTime(timezone=dialect.name != "sqlite"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """A time without zone is a mistake and is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return value.astimezone(UTC).replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """PostgreSQL answers in UTC already, because each connection is set so."""
        return value.replace(tzinfo=UTC) if value is not None and dialect.name == "sqlite" else value


BigSerial = BigInteger().with_variant(Integer, "sqlite")
"""A growing number; SQLite counts only plain integers."""


def new_metadata() -> MetaData:
    """An empty set of tables, whose constraints are named by one rule: migrations and errors speak of them."""
    return MetaData(naming_convention=NAMING)


metadata = new_metadata()

# `sequence` is contiguous per audience (public or internal). The relay gives it, in order of `position`.
outbox = Table(
    "outbox",
    metadata,
    Column("position", BigSerial, primary_key=True, autoincrement=True),
    Column("event_id", Uuid, nullable=False),
    Column("name", String(100), nullable=False),
    Column("internal", Boolean, nullable=False),
    Column("subject", String(100), nullable=False),
    Column("data", JSON, nullable=False),
    Column("correlation_id", String(100), nullable=False),
    Column("occurred_at", Moment, nullable=False),
    Column("sequence", BigInteger),
)
_FRESH = outbox.c.sequence.is_(None)
Index("ix_outbox_fresh", outbox.c.position, postgresql_where=_FRESH, sqlite_where=_FRESH)
Index("uq_outbox_internal_sequence", outbox.c.internal, outbox.c.sequence, unique=True)

# How far each audience's events have been handed to the broker.
relay = Table(
    "relay",
    metadata,
    Column("internal", Boolean, primary_key=True),
    Column("sent_through", BigInteger, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("handler", String(100), primary_key=True),
    Column("handled_at", Moment, nullable=False),
)
Index("ix_inbox_handled_at", inbox.c.handled_at)

# `plan` is what the first step of a command that calls outside has left for the others.
idempotency = Table(
    "idempotency",
    metadata,
    Column("actor", String(40), primary_key=True),
    Column("command", String(100), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("plan", JSON),
    Column("reply", JSON(none_as_null=True)),
    Column("created_at", Moment, nullable=False),
)
Index("ix_idempotency_created_at", idempotency.c.created_at)

# `details` says more of the deed, such as which roles were given: plain JSON without names, addresses or contacts.
audit = Table(
    "audit",
    metadata,
    Column("id", BigSerial, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("actor_id", Uuid, index=True),
    Column("action", String(100), nullable=False),
    Column("record_id", Uuid, index=True),
    Column("allowed", Boolean, nullable=False),
    Column("address", String(45), nullable=False),
    Column("request_id", String(100), nullable=False),
    Column("details", JSON(none_as_null=True)),
)
Index("ix_audit_at", audit.c.at, postgresql_using="brin")
