"""The page of all error codes, `/docs/errors`: docs/errors.md as HTML, which the gateway has among its assets.

Only as much of Markdown is read as that page is written in: headings, paragraphs, tables, code.
"""

import re
from functools import cache
from html import escape

from gateway.documents.docs import ASK_EACH_TIME, FOLDER, POLICY, Document
from gateway.html import framed
from gateway.server.replies import Answer
from gateway.server.requests import Request

CODE = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
"""They lead to other files of the repository, which are not served."""
BLANK_LINE = re.compile(r"\n\s*\n")


def show(_gateway: object, request: Request) -> Answer:
    """The page of all error codes; a code is the fragment of its own row."""
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
    told = "".join(f"<th>{_inline(cell)}</th>" for cell in head)
    before = [None, *(cells[0] for cells in rows)]
    return "\n".join(["<table>", f"<tr>{told}</tr>", *map(_row, rows, before), "</table>"])


def _row(cells: list[str], before: str | None) -> str:
    """A row, which its code leads to. A code of two kinds has two rows, one below the other: it leads to the first."""
    code = CODE.fullmatch(cells[0])
    told = "".join(f"<td>{_inline(cell)}</td>" for cell in cells)
    return f'<tr id="{code[1]}">{told}</tr>' if code and cells[0] != before else f"<tr>{told}</tr>"


def _inline(text: str) -> str:
    return CODE.sub(r"<code>\1</code>", escape(LINK.sub(r"\1", text), quote=False))
