"""Papers: names in many scripts, markup, boxes, and the hospital's logo."""

import time
from pathlib import Path

import eventlet
import pytest

from services.billing.papers import typesetter
from services.billing.settings import BillingSettings
from tests.billing.papers.conftest import letter, text_of
from tests.settings import give_settings

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
NAMES = {
    "Yoruba": "Ọ̀ṣun Adébáyọ̀",
    "Chinese": "王小明",
    "Devanagari": "अदिति",
    "Arabic": "محمد",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.usefixtures("all_scripts")
def test_name_prints_in_its_script_without_boxes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(typesetter.log, "warning", lambda text, **_facts: warnings.append(text))
    assert set(name) <= set(text_of(letter(name)))
    assert warnings == []


@pytest.mark.parametrize(
    "name", ["#strong[x]", "*b* _i_", "$x^2$", "<a> @b", "= Title", "`code`", '#read("/a")', "\\u{41}"]
)
def test_markup_in_a_name_prints_as_text(name: str) -> None:
    assert name in text_of(letter(name))


def test_character_without_a_font_is_logged_without_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(typesetter.log, "warning", lambda text, **facts: warnings.append((text, facts)))
    letter("Ada \U0010fffd\U0010fffc")
    assert warnings == [("characters without a font", {"paper": "statement", "count": 2})]


def test_logo_is_embedded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    plain = letter("Ada")
    logo = tmp_path / "logo.svg"
    logo.write_text(SVG)
    give_settings(monkeypatch, BillingSettings(hospital_logo=logo))
    assert len(letter("Ada")) > len(plain)


@pytest.mark.parametrize("content", [None, b"", b"no image"], ids=["missing", "empty", "no image"])
def test_logo_that_does_not_print_is_left_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "logo.png").write_bytes(content)
    give_settings(monkeypatch, BillingSettings(hospital_logo=tmp_path / "logo.png"))
    assert "Ada" in text_of(letter("Ada"))


def test_other_work_goes_on_while_a_paper_is_made() -> None:
    letter("Ada")  # Reads the fonts.
    making, ticks = eventlet.spawn(letter, "Ada"), 0
    while not making.dead:
        eventlet.sleep(0)
        ticks += 1
    assert making.wait().startswith(b"%PDF")
    assert ticks > 5


def test_twenty_papers_at_once_leave_the_loop_free() -> None:
    letter("Ada")
    making = [eventlet.spawn(letter, f"Ada {number}") for number in range(20)]
    longest, began = 0.0, time.perf_counter()
    while not all(each.dead for each in making):
        eventlet.sleep(0.001)
        now = time.perf_counter()
        longest, began = max(longest, now - began), now
    assert all(each.wait().startswith(b"%PDF") for each in making)
    assert longest < 0.5
