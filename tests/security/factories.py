"""Secrets of people, such as mailed codes, and requests with given fields."""

import re
from typing import Any

import pyotp

from gateway.route import Entry
from tests.gateway.files.samples import PDF, pdf
from tests.hospital import Hospital, eventually
from tests.people import PASSWORD, Person

CODE = re.compile(r"^([\w-]{40,})\r?$", re.MULTILINE)


def mailed(hospital: Hospital, address: str, subject_word: str) -> str:
    """Return the code of the newest mail to an address that contains a word."""
    mails = eventually(lambda: [mail for mail in hospital.mails_to(address) if subject_word in mail])
    found = CODE.search(mails[-1])
    assert found
    return found[1]


def with_second_factor(person: Person) -> tuple[str, list[str]]:
    """Set up a second factor, and return its secret and the recovery codes."""
    secret = person.post("/api/users/me/mfa", password=PASSWORD)["secret"]
    codes = person.post("/api/users/me/mfa/confirm", code=pyotp.TOTP(secret).now())["recovery_codes"]
    return secret, codes


def options_of(entry: Entry, fields: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a request with these fields: as JSON, or as a form with a file."""
    if entry.form is None or entry.form.takes_json:
        return {"json": fields}
    texts = {name: (None, str(value)) for name, value in fields.items() if name != entry.form.file}
    return {"files": {**texts, entry.form.file: ("a.pdf", pdf(), PDF)}}
