"""The Alembic environment of all services. `matron.migrations` supplies the connection and the tables."""

from alembic import context
from sqlalchemy import text

from transports.engines import take_time

attributes = context.config.attributes
connection = attributes["connection"]
if connection.dialect.name == "postgresql":
    # The lock lets containers that start together migrate one after another. It ends with the connection.
    # A migration may take longer than a request, so the time limit is off.
    take_time(connection)
    connection.execute(text("SELECT pg_advisory_lock(7305816173)"))
else:
    # SQLite changes a table by copying it, which foreign keys would forbid. No transaction has started.
    connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
context.configure(
    connection=connection,
    target_metadata=attributes["metadata"],
    render_as_batch=connection.dialect.name == "sqlite",
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
