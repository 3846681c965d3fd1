"""Logs, files, mails and pages contain no secrets."""

import re
import stat
from pathlib import Path
from uuid import uuid4

import pyotp
import pytest

from contracts.roles import Role
from gateway.server.cors import Cors
from gateway.server.replies import Replies
from gateway.server.requests import Request
from tests.hospital import Hospital, eventually
from tests.people import PASSWORD, sign_in
from tests.security.conftest import CANARY, Staff
from tests.security.factories import mailed, with_second_factor

TYPED_WRONG = "zwickelmayer-typed-this-wrong"
PHONE = "+49555019283746"
INJECTED = "x\u2028y\x1b[31m"


def journey(hospital: Hospital) -> list[str]:
    """Use an account with all its secrets, and return the texts that no log may contain."""
    email, moved = f"zwickel-{uuid4().hex[:8]}@mail.example", f"umzug-{uuid4().hex[:8]}@mail.example"
    hospital.call("POST", "/api/auth/register", json={"email": email, "password": PASSWORD, "name": CANARY})
    verify = mailed(hospital, email, "verify-email")
    hospital.call("GET", f"/verify-email?token={verify}")
    hospital.call("POST", "/verify-email", data={"token": verify})
    hospital.call("POST", "/api/auth/login", json={"email": email, "password": TYPED_WRONG})
    person = sign_in(hospital, email)
    secret, codes = with_second_factor(person)
    person.ask("PATCH", "/api/users/me", phone=PHONE)
    mfa = hospital.call("POST", "/api/auth/login", json={"email": email, "password": PASSWORD}).json()["mfa_token"]
    hospital.call("POST", "/api/auth/mfa/verify", json={"mfa_token": mfa, "code": codes[0]})
    person.post("/api/users/me/email", status=202, email=moved, password=PASSWORD)
    move = mailed(hospital, moved, "verify-email")
    hospital.call("POST", "/api/auth/verify-email", json={"token": move})
    hospital.call("POST", "/api/auth/forgot-password", json={"email": moved})
    reset = mailed(hospital, moved, "reset-password")
    hospital.call("GET", f"/reset-password?token={reset}")
    hospital.call("POST", "/reset-password", data={"token": reset, "password": PASSWORD})
    hospital.call("GET", f"/api/{email}?token={person.token}", token=person.token)
    hospital.call("GET", f"/api/users/me?{CANARY}", token=person.refresh_token)
    codes_of_app = [pyotp.TOTP(secret).now()]
    tokens = [person.token, person.refresh_token, verify, move, reset, mfa]
    return [email, moved, CANARY, PHONE, PASSWORD, TYPED_WRONG, secret, *codes, *codes_of_app, *tokens]


def test_logs_contain_no_secret_and_no_personal_data(hospital: Hospital) -> None:
    forbidden = journey(hospital)
    eventually(lambda: hospital.logs().count("reset_password") > 0)
    logs = hospital.logs()
    parts = [*forbidden, *(token.rpartition(".")[2] for token in forbidden if token.count(".") == 2)]
    assert [one for one in parts if len(one) > 6 and one in logs] == []
    own = (hospital.folder / "matron.log").read_text()  # The terminal lists the demo accounts.
    assert "@" not in own, "an e-mail address"
    assert len(own.splitlines()) > 50, "the log must not be empty"


def test_client_text_cannot_break_a_log_line(hospital: Hospital) -> None:
    before = len(hospital.logs().splitlines())
    for header in ("User-Agent", "Referer", "X-Request-Id", "Idempotency-Key", "X-Forwarded-For"):
        hospital.http.get(f"{hospital.url}/api/doctors", headers={header: 'a","level":"x\t'}, timeout=10)
    hospital.call("POST", "/api/auth/login", json={"email": INJECTED, "password": INJECTED})
    eventually(lambda: len(hospital.logs().splitlines()) > before + 5)
    lines = (hospital.folder / "matron.log").read_text().splitlines()
    assert all(line.startswith("{") and line.endswith("}") for line in lines if line)
    assert not {"\x1b", "\u2028"} & set(hospital.logs())


def test_files_of_an_embedded_hospital_are_private(hospital: Hospital, person_of: Staff) -> None:
    person_of(Role.ADMIN)
    ours = [path for path in hospital.folder.rglob("*") if path.name not in ("terminal.log", "jwks.json")]
    names = {path.name for path in ours}
    assert {"auth.db", "clinical.db", "matron.log", "secrets.key", "private"} <= names
    open_ones = [str(path) for path in ours if _others_may(path)]
    assert open_ones == []


def _others_may(path: Path) -> bool:
    return bool(stat.S_IMODE(path.lstat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO))


def test_published_keys_have_no_private_part(hospital: Hospital) -> None:
    keys = hospital.call("GET", "/.well-known/jwks.json").json()["keys"]
    assert keys
    assert all(key.keys() == {"kty", "crv", "x", "kid", "alg", "use"} for key in keys)


def test_mail_links_to_the_hospital_and_contains_no_text_of_a_stranger(hospital: Hospital) -> None:
    email = f"{uuid4().hex[:12]}@mail.example"
    body = {"email": email, "password": PASSWORD, "name": "Win at https://evil.example"}
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    reply = hospital.http.post(f"{hospital.url}/api/auth/register", json=body, headers=headers, timeout=10)
    assert reply.status_code == 201
    hospital.http.post(f"{hospital.url}/api/auth/forgot-password", json={"email": email}, headers=headers, timeout=10)
    eventually(lambda: len(hospital.mails_to(email)) == 2)
    text = "".join(hospital.mails_to(email))
    assert (set(re.findall(r"\w+://[^\s/]+", text)), "evil" in text) == ({hospital.url}, False)


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password", "/sandbox/checkout/x", "/docs", "/api/users/me"])
def test_pages_forbid_framing_base_urls_and_referrers(hospital: Hospital, path: str) -> None:
    headers = hospital.http.get(f"{hospital.url}{path}?token=x", allow_redirects=False, timeout=10).headers
    policy = {part.split()[0]: part.split()[1:] for part in headers["Content-Security-Policy"].split(";")}
    assert (policy["default-src"], policy["base-uri"], policy["frame-ancestors"]) == (["'none'"],) * 3
    assert set(policy["form-action"]) <= {"'none'", "'self'"}
    assert headers["Referrer-Policy"] == "no-referrer"
    assert not headers.keys() & {"Location", "Set-Cookie"}


PAGES = ["/verify-email?token=x", "/reset-password?token=x", "/sandbox/checkout/x", "/docs", "/docs/errors"]


@pytest.mark.parametrize("path", PAGES)
def test_page_is_html_for_a_phone(hospital: Hospital, path: str) -> None:
    reply = hospital.http.get(hospital.url + path, timeout=10)
    assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in reply.text
    assert '<html lang="en">' in reply.text
    assert re.search("<title>[^<]+</title>", reply.text)
    assert not re.search(r"<script>|<style|\son\w+=|style=", reply.text), "the policy forbids inline code"


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password"])
def test_bad_link_is_explained_and_not_shown(hospital: Hospital, path: str) -> None:
    reply = hospital.http.post(hospital.url + path, data={"token": "a" * 43, "password": PASSWORD}, timeout=10)
    assert (reply.status_code, reply.headers["Content-Type"]) == (422, "text/html; charset=utf-8")
    assert (reply.headers["Referrer-Policy"], "a" * 43 in reply.text) == ("no-referrer", False)


def test_password_field_is_masked_and_allows_password_managers(hospital: Hospital) -> None:
    text = hospital.http.get(f"{hospital.url}/reset-password?token=x", timeout=10).text
    [field] = re.findall(r"<input [^>]*name=.password.[^>]*>", text)
    assert ('type="password"' in field, 'autocomplete="new-password"' in field) == (True, True)
    assert "<script" not in text, "no script may forbid pasting"


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/verify-email", "text/html; charset=utf-8"),
        ("/docs", "text/html; charset=utf-8"),
        ("/openapi.json", "application/json"),
        ("/api/nowhere", "application/problem+json"),
    ],
)
def test_reply_has_its_content_type_and_charset(hospital: Hospital, path: str, kind: str) -> None:
    assert hospital.http.get(hospital.url + path, timeout=10).headers["Content-Type"] == kind


def test_hsts_lasts_a_year_and_includes_subdomains() -> None:
    asked = Request({"REQUEST_METHOD": "GET"}, "id")
    _status, headers, _body = Replies(https=True, cors=Cors([])).finish(asked, "/api/x", (200, [], b"{}"))
    policy = dict(headers)["Strict-Transport-Security"].split("; ")
    assert ("includeSubDomains" in policy, int(policy[0].removeprefix("max-age=")) >= 365 * 86_400) == (True, True)


@pytest.mark.parametrize("path", ["/verify-email", "/reset-password"])
def test_link_parameters_are_escaped(hospital: Hospital, path: str) -> None:
    hostile = "\"'><script>alert(1)</script>"
    text = hospital.http.get(hospital.url + path, params={"token": hostile}, timeout=10).text
    assert ("<script" not in text, "&lt;script&gt;" in text) == (True, True)
    posted = hospital.http.post(hospital.url + path, data={"token": hostile, "password": hostile}, timeout=10)
    assert (posted.status_code, "<script" in posted.text.replace("&lt;script", "")) == (422, False)


@pytest.mark.parametrize(
    "path",
    ["/metrics", "/.git/config", "/.env", "/docs/..%2f..%2fchassis%2fconfig.py", "/docs/docs.html", "//evil.example/"],
)
def test_paths_outside_the_routes_get_404(hospital: Hospital, path: str) -> None:
    reply = hospital.http.get(hospital.url + path, allow_redirects=False, timeout=10)
    assert (reply.status_code, reply.json()["code"]) == (404, "no_such_route")
