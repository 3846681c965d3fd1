"""Rules for what people write for others to read: names, single lines, and longer texts."""

import re
from typing import Annotated, Any
from unicodedata import category, combining

from marshmallow import ValidationError, fields, validate

BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\U0001d159"
"""Letters and symbols by category that show nothing: Hangul fillers, the empty Braille cell, the null notehead."""
JOINERS = re.compile("[\u200c\u200d]")
"""ZWNJ and ZWJ, which Persian, Hindi and Malayalam need inside words, and emoji between their parts."""
VIRAMA = 9
"""The combining class of signs that take a letter's vowel away; in older Malayalam a joiner ends a word after one."""


HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u180e\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u2064\u2066-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000110bd\U000110cd"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Signs that show nothing, or change how others are shown: control and format characters (Cc, Cf) such as bidi
overrides, soft hyphens and zero widths; separators of lines (Zl, Zp), surrogates (Cs), and blank letters."""
LOOKED_AT = 200
"""As many characters as a line has at most."""


def is_visible(text: str) -> bool:
    """Whether something of a text can be seen: a letter, number, punctuation mark or symbol (Unicode, 4.5)."""
    return any(category(sign)[0] in "LNPS" and sign not in BLANK_LETTERS for sign in text)


def hidden_in(text: str) -> str | None:
    """The first sign of a text that a reader cannot see and that no word needs; None where there is none."""
    found = HIDDEN.search(text)
    if found is not None:
        return found[0]
    return next((joiner[0] for joiner in JOINERS.finditer(text) if not _joins(text, joiner.start())), None)


def _joins(text: str, at: int) -> bool:
    """Whether a joiner stands after a virama, or between two letters, marks or symbols."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if before and combining(before) == VIRAMA:
        return True
    return all(sign and category(sign)[0] in "LMS" for sign in (before, after))


class Visible(validate.Regexp):
    """A text in which something can be seen. It may have several lines."""

    def __init__(self) -> None:
        """What JSON schema can tell of it."""
        super().__init__(r"\S", error="Must hold something that can be seen.")

    def __call__(self, value: Any) -> Any:
        """The value, or ValidationError."""
        if not is_visible(value):
            raise ValidationError(self.error or self.default_message)
        return value


class Line(validate.Regexp):
    """A visible text of one line without hidden signs, such as a name: it goes into mails, lists and directories."""

    def __init__(
        self, pattern: str = r"^\s*\S", error: str = "Must be one line in which something can be seen."
    ) -> None:
        """The pattern, of the text's beginning at least, is what JSON schema can tell of it."""
        super().__init__(pattern, error=error)

    def __call__(self, value: Any) -> Any:
        """The value, or ValidationError."""
        if self.regex.match(value) is None or not is_visible(value):
            raise ValidationError(self.error or self.default_message)
        if (sign := hidden_in(value[:LOOKED_AT])) is not None:
            raise ValidationError(f"Holds U+{ord(sign):04X}, which cannot be seen.")
        return value


VISIBLE, ONE_LINE = Visible(), Line()
TRIMMED = Line(r"^\S(.*\S)?\Z", error="Must be one visible line without blanks around it.")
Reason = Annotated[str, validate.Length(1, 500), VISIBLE]
"""Why something is done."""
EmailText = Annotated[str, fields.Email]
UrlText = Annotated[str, fields.Url]
