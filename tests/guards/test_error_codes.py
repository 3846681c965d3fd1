"""docs/errors.md explains exactly the error codes that the program can raise, because clients depend on them."""

from chassis.refusals import Refusal
from matron import errors_page
from tests.guards.codes import documented, made_by_hand, raised
from tests.guards.house import ROOT, contract_modules

PAGE = ROOT / "docs" / "errors.md"


def test_page_of_error_codes_is_up_to_date() -> None:
    assert PAGE.read_text("utf-8") == errors_page.as_markdown(), "run `make docs`"


def test_every_error_is_made_of_a_refusal() -> None:
    assert not made_by_hand(), f"declare a Refusal, so that it is documented: {list(map(str, made_by_hand()))}"


def test_every_code_that_is_raised_is_documented() -> None:
    missing = {f"{one.kind} {one.code} ({one.place})" for one in raised() if (one.kind, one.code) not in documented()}
    assert not missing, f"SECTIONS of matron/errors_page.py has no module of: {sorted(missing)}"


def test_every_documented_code_is_raised_somewhere() -> None:
    vain = documented() - {(one.kind, one.code) for one in raised()}
    assert not vain, f"nothing raises {vain}: remove these refusals"


def test_every_refusal_of_a_contract_is_documented() -> None:
    declared = [one for module in contract_modules() for one in vars(module).values() if isinstance(one, Refusal)]
    missing = {(one.kind.__name__, one.code) for one in declared} - documented()
    assert not missing, f"SECTIONS of matron/errors_page.py has no module of: {missing}"
