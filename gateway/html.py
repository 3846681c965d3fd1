"""HTML of the gateway's own pages: their frame, and an error as a page instead of a problem document."""

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
"""Without a viewport, a phone shows the page as wide as a desktop screen, in tiny letters."""


def page(title: str, content: str, status: int = 200, policy: tuple[str, str] = POLICY) -> Answer:
    """Return a page with its title as the heading. `content` is HTML."""
    return status, [HTML, policy], framed(title, f"<h1>{escape(title)}</h1>\n{content}")


def framed(title: str, content: str) -> bytes:
    """Return a whole document. `content` is HTML with its own heading."""
    return FRAME.format(title=escape(title), content=content).encode()


def refused(error: MatronError, request: Request, title: str = "", more: str = "") -> Answer:
    """Return the page of an error, with the error's status and headers: its detail, then `more`, which is HTML."""
    messages = [error.detail, *error.facts.get("errors", {}).get("password", [])]
    _problem, headers = render(error, request.id)
    content = "\n".join([f"<p>{escape(text)}</p>" for text in messages] + ([more] if more else []))
    status, own, body = page(title or error.title, content, error.status)
    return status, [*own, *(header for header in headers if header[0] != "Content-Type")], body
