"""Requests, answers and routes of the sandboxes."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.sandboxes.store import Json


@dataclass(frozen=True)
class Request:
    """A request. The names of its headers are in lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def bearer(self) -> str:
        """The key in `Authorization: Bearer KEY`."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def json(self) -> Json:
        """Return the JSON object of the body; an empty object if the body is something else."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def form(self) -> dict[str, str]:
        """Return the fields of a form-encoded body."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


@dataclass
class Answer:
    """An answer. `before` runs after the commit and before the bytes are sent: it waits, for instance."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    before: Callable[[], None] | None = None


def as_json(status: int, data: object, **headers: str) -> Answer:
    """Return a JSON answer."""
    return Answer(status, json.dumps(data).encode(), {"Content-Type": "application/json", **headers})


def as_page(html: str, status: int = 200) -> Answer:
    """Return an HTML page."""
    return Answer(status, html.encode(), {"Content-Type": "text/html; charset=utf-8"})


def redirect(url: str) -> Answer:
    """Send the browser to another page."""
    return Answer(303, b"", {"Location": url})


class Refused(Exception):
    """The request is refused with this answer. What was stored before stays stored."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


Handler = Callable[..., Answer]


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Declare a method of a sandbox as the handler of `GET /items/{key}`; `{key}` becomes a keyword argument."""

    def declare(handler: Handler) -> Handler:
        declared: Any = handler
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)
        declared.routes = [*getattr(handler, "routes", ()), (method, re.compile(pattern))]
        return handler

    return declare
