"""One JSON log line a request.

Nothing here takes a payload, an argument or the text of an unexpected exception: those may hold a patient's data. An
unexpected exception is logged by its class and the places in the code where it passed.
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
    """JSON lines on standard error, or appended to a file when the terminal is for people."""
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
        # These libraries put exception texts, and so perhaps a patient's data, into their messages.
        logging.getLogger(name).setLevel(logging.CRITICAL)


def places(error: BaseException) -> list[str]:
    """Where an exception passed, as `file:line function`, innermost last, without its text."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames[-8:]]


def log_unexpected(what: str, error: BaseException, **context: object) -> None:
    """Log an unexpected exception without its text."""
    log.error(what, error=type(error).__qualname__, places=places(error), **context)
