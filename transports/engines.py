"""SQLAlchemy engines for PostgreSQL and SQLite, and the meaning of their errors.

On PostgreSQL every wait has a limit. A statement ends after `STATEMENT_SECONDS`. A connection that is silent for longer
is closed. PostgreSQL ends the transactions and locks of a hanging process, or of a lost machine, within half a minute:
they must not block other processes.
"""

import sqlite3
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import DBAPIError

from transports.postgresql import GreenConnection

POOL_SECONDS = 3.0
CONNECT_SECONDS = 3
STATEMENT_SECONDS = 10
SILENT_SECONDS = STATEMENT_SECONDS + 2.0
"""After this silence the connection is dead: the server would have cancelled the statement earlier."""
ABANDONED_SECONDS = 15
"""The server ends a transaction, with its locks, after this idle time."""
SQLITE_BUSY_SECONDS = 10.0
KEEPALIVES = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
READ_ONLY = "25006"


def engine_for(url: URL, pool_size: int) -> Engine:
    """Create an engine for a database of PostgreSQL or SQLite."""
    is_sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_SECONDS,
        pool_use_lifo=not is_sqlite,
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args=_to_sqlite() if is_sqlite else _to_postgresql(),
    )
    if is_sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    else:
        event.listen(engine, "do_connect", _connect_green)
        event.listen(engine, "handle_error", _leave_read_only)
    return engine


def _to_sqlite() -> dict[str, Any]:
    return {"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False}


def _to_postgresql() -> dict[str, Any]:
    settings = {
        "timezone": "UTC",
        "statement_timeout": STATEMENT_SECONDS * 1000,
        "idle_in_transaction_session_timeout": ABANDONED_SECONDS * 1000,
        "application_name": "matron",
        # Custom plans cost more than these statements, which use an index with any values.
        "plan_cache_mode": "force_generic_plan",
        # A generic plan overestimates the length of a page, so compiling or parallel workers would seem to pay off.
        "jit": "off",
        "max_parallel_workers_per_gather": 0,
        # Pages of indexes are in memory. The default of 4 would scan a whole small table for each row of a list.
        "random_page_cost": 1.1,
        **{f"tcp_{name}": value for name, value in KEEPALIVES.items()},
    }
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return {
        "connect_timeout": CONNECT_SECONDS,
        "options": options,
        "prepare_threshold": 2,
        "keepalives": 1,
        **KEEPALIVES,
    }


def _connect_green(_dialect: Any, _record: Any, args: Any, params: Any) -> Any:
    connection = GreenConnection.connect(*args, **params)
    connection.silent_seconds = SILENT_SECONDS
    return connection


def _leave_read_only(context: ExceptionContext) -> None:
    """A read-only server is no longer the primary, after a failover: reconnect, to the present address of the name."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Any) -> None:
    if not connection.get_execution_options().get("only_reads"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def take_time(connection: Connection) -> None:
    """Remove the time limit of statements on this connection to PostgreSQL, as migrations need."""
    connection.execute(text("SET statement_timeout = 0"))
    driver: Any = connection.connection.dbapi_connection
    driver.silent_seconds = None


def is_lost(error: DBAPIError) -> bool:
    """Whether the connection was lost, the server is starting, stopping or read-only, or SQLite stayed locked."""
    if isinstance(error.orig, sqlite3.Error):
        return "locked" in str(error.orig)
    state = getattr(error.orig, "sqlstate", None)
    lost = state is None or state[:2] in ("08", "53") or state[:3] == "57P" or state in (READ_ONLY, "25P03")
    return error.connection_invalidated or lost


def violated(error: DBAPIError) -> str:
    """The name of the constraint, index or trigger that refused a row. Empty if unknown."""
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is not None:
        return diagnosis.constraint_name or ""
    message = str(error.orig)
    if message.startswith("UNIQUE constraint failed: ") and "index '" not in message:
        return _unique_name(message.removeprefix("UNIQUE constraint failed: "))
    return message.rpartition("index '")[2].rstrip("'") if "index '" in message else message.rpartition(": ")[2]


def _unique_name(columns: str) -> str:
    """The name of a unique constraint by our naming rule, from SQLite's `table.column, table.column`."""
    parts = [column.split(".") for column in columns.split(", ")]
    return "_".join(["uq", parts[0][0], *(column for _table, column in parts)])
