"""The gateway serves the description of the interface and all files of its page."""

import gzip
import hashlib
import re
from xml.etree import ElementTree as ET

import pytest
import requests

from gateway.documents import asyncapi, openapi
from gateway.documents.docs import FOLDER, POLICY
from gateway.service import GatewayService
from tests.guards.codes import documented
from tests.hospital import Hospital

LINK = re.compile(r'(?:src|href)="([^"]*)"')
KINDS = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "png": "image/png"}
SUMS = (FOLDER / "SHA256SUMS").read_text().splitlines()


def get(hospital: Hospital, path: str, **headers: str) -> requests.Response:
    """Request a path without a token."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return hospital.http.get(hospital.url + path, headers=sent, timeout=10)


def links(hospital: Hospital) -> list[str]:
    """Return the links of the page."""
    return LINK.findall(get(hospital, "/docs").text)


BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_front_redirects_a_browser_to_the_page(hospital: Hospital, method: str) -> None:
    url, asking = f"{hospital.url}/", {"Accept": BROWSER}
    reply = hospital.http.request(method, url, headers=asking, allow_redirects=False, timeout=10)
    assert (reply.status_code, reply.headers["Location"], reply.headers["Vary"]) == (303, "/docs", "Accept")
    shown = hospital.http.request(method, url, headers=asking, allow_redirects=True, timeout=10)
    assert (shown.status_code, shown.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("accepted", ["*/*", "application/json", "application/json, text/html;q=0.5", ""])
def test_front_answers_a_program_with_the_index(hospital: Hospital, accepted: str) -> None:
    reply = get(hospital, "/", Accept=accepted)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    paths = [path for name, path in reply.json().items() if name != "name"]
    assert {get(hospital, path).status_code for path in paths} == {200}
    head = hospital.http.head(f"{hospital.url}/", headers={"Accept": accepted}, timeout=10)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(reply.content)))


def test_served_openapi_document_matches_the_code(hospital: Hospital) -> None:
    reply = get(hospital, "/openapi.json")
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.text == openapi.as_text(openapi.document(GatewayService))


def test_asyncapi_document_is_served(hospital: Hospital) -> None:
    reply = get(hospital, "/asyncapi.json")
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.text == openapi.as_text(asyncapi.document())


def test_document_is_compressed_when_client_accepts_gzip(hospital: Hospital) -> None:
    plain = get(hospital, "/openapi.json", Accept_Encoding="identity")
    packed = get(hospital, "/openapi.json", Accept_Encoding="br, gzip;q=0.5")
    assert (plain.headers.get("Content-Encoding"), packed.headers.get("Content-Encoding")) == (None, "gzip")
    assert int(packed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 4
    assert packed.content == plain.content
    assert packed.headers["ETag"] != plain.headers["ETag"]


def test_document_is_plain_when_client_refuses_gzip(hospital: Hospital) -> None:
    assert "Content-Encoding" not in get(hospital, "/openapi.json", Accept_Encoding="gzip;q=0, identity").headers


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/docs/swagger-ui.css"])
def test_document_gets_304_when_client_has_it(hospital: Hospital, path: str) -> None:
    tag = get(hospital, path).headers["ETag"]
    again = get(hospital, path, If_None_Match=f'"other", {tag}')
    assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert get(hospital, path, If_None_Match='"other"').status_code == 200


def test_page_loads_all_its_files_from_the_gateway(hospital: Hospital) -> None:
    found = [link for link in links(hospital) if link != "/openapi.json"]
    assert len(found) == 4
    for link in found:
        assert link.startswith("/docs/"), f"{link} is on another host"
        reply = get(hospital, link)
        kind = KINDS[link.partition("?")[0].rpartition(".")[2]]
        assert (reply.status_code, reply.headers["Content-Type"]) == (200, kind)


def test_page_has_no_inline_script_or_style(hospital: Hospital) -> None:
    page = get(hospital, "/docs").text
    assert "<style" not in page
    assert " style=" not in page
    assert re.findall(r"<script[^>]*>([^<]*)</script>", page) == ["", ""]


def test_policy_of_the_page_allows_no_other_host(hospital: Hospital) -> None:
    policy = get(hospital, "/docs").headers["Content-Security-Policy"]
    assert policy == POLICY
    sources = {source for rule in policy.split("; ") for source in rule.split()[1:]}
    assert sources == {"'none'", "'self'", "data:"}


def test_error_codes_all_have_a_row_and_an_anchor(hospital: Hospital) -> None:
    page = get(hospital, "/docs/errors")
    assert (page.headers["Content-Type"], page.headers["Content-Security-Policy"]) == (
        "text/html; charset=utf-8",
        POLICY,
    )
    rows = re.findall(r"<tr[^>]*><td><code>(\w+)</code></td><td>(\w+) \d+</td>", page.text)
    assert {(kind, code) for code, kind in rows} == documented()
    assert sorted(re.findall(r'id="(\w+)"', page.text)) == sorted({code for _kind, code in documented()})


def test_page_of_error_codes_is_well_formed_without_links(hospital: Hospital) -> None:
    page = get(hospital, "/docs/errors").text
    ET.fromstring(re.sub("<!doctype html>|<meta [^>]+>", "", page))  # noqa: S314  our own page
    assert LINK.findall(page) == []
    assert "`" not in page


def test_own_script_names_no_other_host() -> None:
    assert "//" not in re.sub(r"^\s*//.*$", "", (FOLDER / "start.js").read_text(), flags=re.MULTILINE)


def test_file_is_cached_for_a_year_only_with_its_hash(hospital: Hospital) -> None:
    style = next(link for link in links(hospital) if ".css" in link)
    bare = style.partition("?")[0]
    assert get(hospital, style).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert [get(hospital, path).headers["Cache-Control"] for path in (bare, bare + "?is=old")] == ["no-cache"] * 2


@pytest.mark.parametrize("name", ["docs.html", "SHA256SUMS", "LICENSE", "swagger-ui.css.gz", "..%2Fdocs.py", "%00"])
def test_other_files_are_not_served(hospital: Hospital, name: str) -> None:
    assert get(hospital, f"/docs/{name}").json()["code"] == "no_such_route"


@pytest.mark.parametrize("line", SUMS, ids=lambda line: line.split()[1])
def test_third_party_file_has_its_known_hash(line: str) -> None:
    digest, name = line.split()
    packed = FOLDER / f"{name}.gz"
    content = gzip.decompress(packed.read_bytes()) if packed.is_file() else (FOLDER / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == digest, f"{name}: run `make assets`"


def test_files_are_own_or_have_a_known_hash() -> None:
    known = {line.split()[1] for line in SUMS} | {"docs.html", "errors.md", "introduction.md", "start.js", "SHA256SUMS"}
    assert {path.name.removesuffix(".gz") for path in FOLDER.iterdir()} == known
