"""The page of all error codes, `/docs/errors`: docs/errors.md as HTML.

It supports only the Markdown of that page: headings, paragraphs, tables, code.
"""

import re
from functools import cache
from html import escape

from gateway.dependencies import Gateway
from gateway.documents.docs import ASK_EACH_TIME, FOLDER, POLICY, Document
from gateway.html import framed
from gateway.server.replies import Answer
from gateway.server.requests import Request

CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
"""Links to other files of the repository, which the gateway does not serve."""
BLANK_LINE = re.compile(r"\n\s*\n")


def show(_gateway: Gateway, request: Request) -> Answer:
    """Answer with the page of all error codes. A code is the URL fragment of its row."""
    return _page().answer(request, ASK_EACH_TIME, ("Content-Security-Policy", POLICY))


@cache
def _page() -> Document:
    text = (FOLDER / "errors.md").read_text("utf-8").strip()
    content = "\n".join(map(_block, BLANK_LINE.split(text)))
    return Document.of("errors.html", framed("Matron: error codes", content))


def _block(text: str) -> str:
    lines = text.split("\n")
    if text.startswith("#"):
        level = len(text) - len(text.lstrip("#"))
        return f"<h{level}>{_inline(text.lstrip('# '))}</h{level}>"
    if text.startswith("```"):
        return f"<pre>{escape(chr(10).join(lines[1:-1]))}</pre>"
    if text.startswith("|"):
        return _table(lines)
    return f"<p>{_inline(' '.join(lines))}</p>"


def _table(lines: list[str]) -> str:
    head, _rule, *rows = ([cell.strip() for cell in line.strip("|").split(" | ")] for line in lines)
    header = "".join(f"<th>{_inline(cell)}</th>" for cell in head)
    before = [None, *(cells[0] for cells in rows)]
    return "\n".join(["<table>", f"<tr>{header}</tr>", *map(_row, rows, before), "</table>"])


def _row(cells: list[str], before: str | None) -> str:
    """Return a row with its code as the id. A code of two kinds has two adjacent rows, and the first has the id."""
    code = CODE.fullmatch(cells[0])
    content = "".join(f"<td>{_inline(cell)}</td>" for cell in cells)
    return f'<tr id="{code[1]}">{content}</tr>' if code and cells[0] != before else f"<tr>{content}</tr>"


def _inline(text: str) -> str:
    return CODE.sub(r"<code>\1</code>", escape(LINK.sub(r"\1", text), quote=False))
