"""HTML of the gateway's own pages: one frame for all of them, and a refusal in words instead of a problem document."""

from html import escape

from chassis.errors import MatronError
from gateway.problems import render
from gateway.server.replies import Answer
from gateway.server.requests import Request

HTML = ("Content-Type", "text/html; charset=utf-8")
POLICY = ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'")
FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
</head>
<body>
<main>
{content}
</main>
</body>
</html>
"""
"""A phone shows a page without a viewport as wide as a desk's screen, and so small."""


def page(title: str, content: str, status: int = 200) -> Answer:
    """A page with its title as the heading; `content` is HTML."""
    return status, [HTML, POLICY], framed(title, f"<h1>{escape(title)}</h1>\n{content}")


def framed(title: str, content: str) -> bytes:
    """A whole document; `content` is HTML with a heading of its own."""
    return FRAME.format(title=escape(title), content=content).encode()


def refused(error: MatronError, request: Request, title: str = "", more: str = "") -> Answer:
    """The page of a refusal: its detail in words, then `more`, which is HTML; status and headers of the refusal."""
    messages = [error.detail, *error.facts.get("errors", {}).get("password", [])]
    _problem, headers = render(error, request.id)
    content = "\n".join([f"<p>{escape(text)}</p>" for text in messages] + ([more] if more else []))
    status, own, body = page(title or error.title, content, error.status)
    return status, [*own, *(header for header in headers if header[0] != "Content-Type")], body
