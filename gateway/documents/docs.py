"""The description of the interface: `/openapi.json` for programs, and a page at `/docs` for people.

The page is Swagger UI. The gateway serves all its files, so it works without the Internet, and no other host learns who
reads it. Files that never change are compressed once.
"""

import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import PurePath

import orjson

from gateway.dependencies import Gateway
from gateway.documents import asyncapi, openapi
from gateway.problems import NO_SUCH_ROUTE
from gateway.server.replies import Answer, takes_gzip
from gateway.server.requests import Request

FOLDER = files("gateway") / "assets"
KINDS: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page needs no inline script or style. `data:` is for the icons in the style sheet of Swagger UI."""
FOR_A_YEAR = "public, max-age=31536000, immutable"
ASK_EACH_TIME = "no-cache"
INDEX = {
    "name": "Matron",
    "docs": "/docs",
    "errors": "/docs/errors",
    "openapi": "/openapi.json",
    "asyncapi": "/asyncapi.json",
    "ready": "/health/ready",
}
"""The reply to a program at `/`."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that never changes while the process runs, plain and compressed."""

    kind: str
    plain: bytes
    packed: bytes

    @classmethod
    def of(cls, name: str, plain: bytes, packed: bytes = b"") -> "Document":
        """Return a document. The ending of its name decides its content type."""
        return cls(KINDS[PurePath(name).suffix], plain, packed or gzip.compress(plain, mtime=0))

    @property
    def mark(self) -> str:
        """A hash of the content."""
        return _mark(self.plain)

    def answer(self, request: Request, cache_control: str, *more: tuple[str, str]) -> Answer:
        """Return the document, compressed if the client accepts that."""
        packed = takes_gzip(request.header("ACCEPT_ENCODING"))
        body, encoding = (self.packed, [("Content-Encoding", "gzip")]) if packed else (self.plain, [])
        caching = [("Cache-Control", cache_control), ("ETag", f'"{_mark(body)}"'), ("Vary", "Accept-Encoding")]
        return 200, [("Content-Type", self.kind), *encoding, *caching, *more], body


@cache
def _mark(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


@cache
def assets() -> Mapping[str, Document]:
    """Return the files of the page, by name."""
    found = {}
    for file in FOLDER.iterdir():
        name, content = file.name.removesuffix(".gz"), file.read_bytes()
        if PurePath(name).suffix in KINDS:
            found[name] = _unpacked(name, content) if file.name.endswith(".gz") else Document.of(name, content)
    return found


def _unpacked(name: str, packed: bytes) -> Document:
    return Document.of(name, gzip.decompress(packed), packed)


@cache
def _described(gateway: type[Gateway]) -> Document:
    """Return the OpenAPI document of a gateway class."""
    return Document.of("openapi.json", openapi.as_text(openapi.document(gateway)).encode())


def description(gateway: Gateway, request: Request) -> Answer:
    """Answer with the OpenAPI document of this gateway."""
    made = _described(type(gateway))
    return made.answer(request, ASK_EACH_TIME)


@cache
def _events() -> Document:
    """Return the AsyncAPI document."""
    return Document.of("asyncapi.json", openapi.as_text(asyncapi.document()).encode())


def events(_gateway: Gateway, request: Request) -> Answer:
    """Answer with the AsyncAPI document of the public events."""
    return _events().answer(request, ASK_EACH_TIME)


def front(_gateway: Gateway, request: Request) -> Answer:
    """Redirect a browser to the page, and answer a program with the index."""
    accepted, vary = request.header("ACCEPT"), ("Vary", "Accept")
    if "text/html" in accepted and "application/json" not in accepted:
        return 303, [("Location", "/docs"), vary], b""
    return 200, [("Content-Type", KINDS[".json"]), vary], orjson.dumps(INDEX)


def show(_gateway: Gateway, request: Request) -> Answer:
    """Answer with the page that shows the OpenAPI document."""
    return _page().answer(request, ASK_EACH_TIME, ("Content-Security-Policy", POLICY))


@cache
def _page() -> Document:
    """Return the page. It requests each file by name and hash."""
    text = assets()["docs.html"].plain.decode()
    for name, document in assets().items():
        text = text.replace(f'"/docs/{name}"', f'"/docs/{name}?is={document.mark}"')
    return Document.of("docs.html", text.encode())


def asset(_gateway: Gateway, request: Request) -> Answer:
    """Answer with a file of the page. Browsers cache it for a year if the URL has its hash, which changes with it."""
    found = assets().get(request.path_values["name"])
    if found is None or found.kind == KINDS[".html"]:
        raise NO_SUCH_ROUTE()
    return found.answer(request, FOR_A_YEAR if request.query().get("is") == found.mark else ASK_EACH_TIME)
