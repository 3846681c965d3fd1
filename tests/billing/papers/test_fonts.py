"""The characters that fonts cover."""

import pytest

from services.billing.papers import fonts


@pytest.mark.parametrize("text", ["Ada", "Zoë Müller", "Łukasz", "Ọ̀ṣun", "Ελένη", "Иван", "80.00 €", "a\u200db\n"])
def test_usual_text_is_covered_without_fonts_of_the_system(text: str) -> None:
    assert fonts.uncovered(text) == 0


def test_different_characters_without_a_font_are_counted() -> None:
    assert fonts.uncovered("Ada \U0010fffd\U0010fffc\U0010fffd") == 2


@pytest.mark.usefixtures("all_scripts")
def test_fonts_of_the_image_cover_four_scripts() -> None:
    assert fonts.uncovered("محمد 王小明 अदिति Adébáyọ̀") == 0
