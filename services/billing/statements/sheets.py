"""Statements as CSV, for spreadsheets."""

import csv
import io

from chassis import config
from contracts.billing.statements import StatementView
from contracts.money import exact
from services.billing import rules

HEAD = ("date", "entry", "invoice", "item", "amount", "balance", "currency")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""The first characters after which a spreadsheet takes a text for a formula (OWASP, CSV Injection)."""
MARK = "\ufeff"
"""Without this mark, some spreadsheets read UTF-8 as another encoding."""


def csv_of(statement: StatementView) -> bytes:
    """Return a row for the opening balance of each currency, for each entry, and for each closing balance."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEAD)
    for start in statement.balances:
        writer.writerow(_balance(statement.from_.isoformat(), "opening", start.opening_minor, start.currency))
    zone = config.current().hospital_timezone
    for entry in statement.entries:
        amount, balance = (exact(each, entry.currency) for each in (entry.amount_minor, entry.balance_minor))
        day, text = rules.day_of(entry.at, zone).isoformat(), harmless(entry.text)
        writer.writerow((day, entry.kind.value, entry.invoice_number, text, amount, balance, entry.currency))
    for end in statement.balances:
        writer.writerow(_balance(statement.to.isoformat(), "closing", end.closing_minor, end.currency))
    return f"{MARK}{file.getvalue()}".encode()


def _balance(day: str, name: str, amount_minor: int, currency: str) -> tuple[str, ...]:
    return day, name, "", "", "", str(exact(amount_minor, currency)), currency


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text
