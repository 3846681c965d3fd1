"""The quick start of the OpenAPI document works as printed, and the introduction names what exists."""

import re
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from gateway.documents import introduction, openapi
from gateway.service import GatewayService
from tests.guards.codes import documented
from tests.hospital import Hospital, embedded_hospital

DOCUMENT = openapi.document(GatewayService)
CALL = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`")
CODE = re.compile(r"\b[45]\d\d `(\w+)`")
SHELL = re.compile(r"^```bash\n(.*?)^```", re.MULTILINE | re.DOTALL)
ADDRESS = "M=http://localhost:8000\n"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """Start a hospital with demo people. This takes some seconds, because the quick start signs in as one of them."""
    with embedded_hospital(tmp_path_factory.mktemp("demo"), demo=True) as running:
        yield running


def test_introduction_opens_the_document() -> None:
    assert DOCUMENT["info"]["description"] == introduction.TEXT
    assert introduction.TEXT.index("## Quick start") < introduction.TEXT.index("## Authentication")


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="the quick start needs bash and curl")
def test_quick_start_books_reads_and_cancels_an_appointment(demo: Hospital) -> None:
    blocks = SHELL.findall(introduction.TEXT)
    assert (len(blocks), blocks[0].startswith(ADDRESS)) == (6, True), "the address, and five calls"
    script = "".join(blocks).replace(ADDRESS, f"M={demo.url}\n")
    done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, text=True, check=True, timeout=60)  # noqa: S607  the bash of this machine
    assert re.findall(r"HTTP/1.1 (\d+)", done.stdout) == ["200", "200"]
    assert re.findall(r'"status":"(\w+)","reason":"Chest', done.stdout) == ["requested", "cancelled"]
    assert re.findall(r"^ETag: (.*)\r?$", done.stdout, re.MULTILINE) == ['"1"', '"2"']


@pytest.mark.parametrize(("method", "url"), CALL.findall(introduction.TEXT))
def test_call_in_the_introduction_is_a_route(method: str, url: str) -> None:
    assert method.lower() in DOCUMENT["paths"][url]


@pytest.mark.parametrize("code", CODE.findall(introduction.TEXT))
def test_error_code_in_the_introduction_exists(code: str) -> None:
    assert code in {known for _kind, known in documented()}
