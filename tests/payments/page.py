"""docs/payments.md: the table of courses, written from the tests. `python -m tests.payments.page FILE` writes it."""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from tests.payments import messages, odd_money, payers
from tests.payments.shop import Ends
from tests.payments.table import PROVIDERS, Course, of

MODULES = (payers, messages, odd_money)
HEAD = """# Payments

What happens to a payment, and how it ends. Each row is a test of `tests/payments`, which drives billing against a
local server of the provider, with the webhooks that this server sends. `make docs` writes this page: do not edit it.

- **payment**: the states of all payments of the invoice, oldest first. `unapplied`: the money changed no invoice.
- **events**: the published events, with their number.
- **listed**: the entries of `GET /api/admin/odd-payments` that wait for an admin.

`tests/payments/test_kills.py` stops billing at 51 steps of a payment and its refund: at SQL statements, at commits, and
at all requests to the provider. After a repetition the money has come once and gone back once.

[billing](../services/billing/README.md) has the rules behind the table.
"""
COLUMNS = ("scenario", "provider", "payment", "invoice", "events", "listed")


def as_markdown() -> str:
    """Return the page."""
    return HEAD + "".join(_section(module) for module in MODULES)


def _section(module: ModuleType) -> str:
    title = (inspect.getdoc(module) or "").rstrip(".")
    lines = [COLUMNS, ("---",) * len(COLUMNS), *(row for course in of(module) for row in _rows(course))]
    return f"\n## {title}\n\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _rows(course: Course) -> Iterator[tuple[str, ...]]:
    """Yield one row for each end. The answers to webhooks have no column."""
    cells = {name: _cells(ends) for name, ends in course.ends.items()}
    for same in dict.fromkeys(cells.values()):
        names = [name.title() for name in PROVIDERS if cells.get(name) == same]
        yield (course.text, "all" if len(names) == len(PROVIDERS) else ", ".join(names), *same)


def _cells(ends: Ends) -> tuple[str, ...]:
    texts = (ends.payment, ends.invoice, ends.events, ends.listed)
    return tuple(re.sub(r"([a-z_]+)", r"`\1`", text) or "none" for text in texts)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(as_markdown(), "utf-8")
