"""Callers act on error codes, so docs/errors.md explains every code that the program can raise, and no other."""

import re

from gateway.refusals import told
from tests.guards.codes import KINDS, UNREAD, raised
from tests.guards.house import ROOT, commands

ROW = re.compile(r"^\| `([a-z_]+)` \| (\w+) (\d{3}) \| (.+) \|$", re.MULTILINE)


def documented() -> dict[tuple[str, str], int]:
    """Kinds and codes in docs/errors.md, with the status that it tells."""
    text = (ROOT / "docs" / "errors.md").read_text("utf-8")
    return {(kind, code): int(status) for code, kind, status, _meaning in ROW.findall(text)}


def test_every_code_can_be_read_in_the_source() -> None:
    unread = [str(one.place) for one in raised() if one.code == UNREAD]
    assert not unread, f"write the code as a literal, so that it can be found and documented: {unread}"


def test_every_code_is_documented_with_its_kind() -> None:
    known = documented()
    missing = {f"{one.kind} {one.code} ({one.place})" for one in raised() if (one.kind, one.code) not in known}
    assert not missing, f"add to docs/errors.md what callers may make of: {sorted(missing)}"


def test_every_documented_code_is_raised_somewhere() -> None:
    found = {(one.kind, one.code) for one in raised()}
    assert not documented().keys() - found, "nobody raises these any more: remove them from docs/errors.md"


def test_the_documented_status_is_that_of_the_kind() -> None:
    assert {both: KINDS[both[0]].status for both in documented()} == documented()


def test_every_code_that_a_contract_tells_is_documented_with_that_kind() -> None:
    named = {(kind.__name__, code): one for one in commands() for kind, codes in told(one).items() for code in codes}
    missing = {f"{named[both].__name__}: {both}" for both in named.keys() - documented().keys()}
    assert not missing, f"{missing}: see their docstrings, and docs/errors.md"
