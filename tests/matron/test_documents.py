"""The commands `matron openapi`, `matron asyncapi` and `matron routes`."""

import json
from pathlib import Path

from gateway.documents import asyncapi, openapi
from gateway.documents.openapi import as_text
from gateway.service import GatewayService
from matron.events_page import as_markdown
from tests.matron.conftest import Matron

DOCUMENT = json.loads(as_text(asyncapi.document()))
ENTRIES = openapi.entries(GatewayService)


def test_documents_are_written_to_the_given_files(tmp_path: Path, matron: Matron) -> None:
    written, page = tmp_path / "asyncapi.json", tmp_path / "events.md"
    assert matron("asyncapi", "--write", written, "--page", page)[0] == 0
    assert (written.read_text("utf-8"), page.read_text("utf-8")) == (as_text(asyncapi.document()), as_markdown())
    assert json.loads(matron("asyncapi")[1]) == DOCUMENT


def test_check_fails_when_the_file_differs(tmp_path: Path, matron: Matron) -> None:
    path = tmp_path / "openapi.json"
    assert matron("openapi", "--check", path)[0] == 1
    assert matron("openapi", "--write", path) == (0, f"wrote {path}\n", "")
    assert matron("openapi", "--check", path) == (0, "", "")


def test_routes_prints_one_route_a_line(matron: Matron) -> None:
    _code, out, _err = matron("routes")
    lines = [line.split() for line in out.splitlines()]
    assert len(lines) == len(ENTRIES) + 1
    assert ["POST", "/api/auth/login", "anyone", "auth.LogIn"] in lines
    assert ["GET", "/api/users/me", "any", "role", "auth.GetMe"] in lines
