"""The one Alembic environment of all services; `matron.migrations` gives it the connection and the tables."""

from alembic import context
from sqlalchemy import text

from transports.engines import take_time

attributes = context.config.attributes
connection = attributes["connection"]
if connection.dialect.name == "postgresql":
    # Two containers that start at once migrate one after the other; the lock ends with the connection. A migration may
    # take long, unlike a request.
    take_time(connection)
    connection.execute(text("SELECT pg_advisory_lock(7305816173)"))
else:
    # SQLite changes a table by making it anew, which the rows that refer to it would forbid. No transaction has begun.
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
