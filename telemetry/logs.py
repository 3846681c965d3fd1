"""Logs: one JSON line a request.

No line contains a payload, an argument or the text of an unexpected exception: those may hold data of a patient. An
unexpected exception is logged by its class and its stack of code positions.
"""

import logging
import sys
import traceback
from pathlib import Path

import orjson
import structlog

log: structlog.stdlib.BoundLogger = structlog.get_logger()

_QUIET = ("nameko", "kombu", "amqp", "sqlalchemy", "alembic", "eventlet", "urllib3")


def set_up_logging(level: str, *, to_file: Path | None = None) -> None:
    """Write JSON lines to standard error, or append them to a file."""
    target = sys.stderr if to_file is None else to_file.open("a", buffering=1)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(lambda line, **_options: orjson.dumps(line, default=str).decode()),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level, logging.INFO)),
        logger_factory=structlog.WriteLoggerFactory(target),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=logging.ERROR, stream=target, format='{"level":"%(levelname)s","logger":"%(name)s"}')
    for name in _QUIET:
        # The messages of these libraries contain exception texts, which may hold data of a patient.
        logging.getLogger(name).setLevel(logging.CRITICAL)


def places(error: BaseException) -> list[str]:
    """The stack of an exception as `file:line function`, innermost last, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-8:]]


def log_unexpected(what: str, error: BaseException, **context: object) -> None:
    """Log an unexpected exception without its text."""
    log.error(what, error=type(error).__qualname__, places=places(error), **context)
