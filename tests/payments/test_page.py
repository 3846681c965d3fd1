"""docs/payments.md says what the tests of payments prove."""

from pathlib import Path

from tests.payments import page

PAGE = Path(__file__).parents[2] / "docs" / "payments.md"


def test_page_of_payments_is_written_from_the_table() -> None:
    assert PAGE.read_text("utf-8") == page.as_markdown(), "run `make docs`"


def test_page_names_every_provider_and_scenario() -> None:
    shown = page.as_markdown()
    assert all(course.text in shown for module in page.MODULES for course in page.of(module))
