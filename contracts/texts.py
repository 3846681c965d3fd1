"""Rules for texts that people write for others: names, single lines and longer texts."""

import re
from typing import Annotated, Any
from unicodedata import category, combining

from marshmallow import ValidationError, fields, validate

BLANK_LETTERS = "\u115f\u1160\u2800\u3164\uffa0\U0001d159"
"""Invisible characters that Unicode lists as letters or symbols: Hangul fillers, empty Braille cell, null notehead."""
JOINERS = re.compile("[\u200c\u200d]")
"""ZWNJ and ZWJ. Persian, Hindi and Malayalam need them inside words, and emoji between their parts."""
VIRAMA = 9
"""The combining class of signs that mute a letter's vowel. In older Malayalam a joiner may follow at a word's end."""


HIDDEN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u180e\u200b\u200e\u200f"
    r"\u2028-\u202e\u2060-\u2064\u2066-\u206f\u2800\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000110bd\U000110cd"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0001\U000e0020-\U000e007f]"
)
"""Characters that are invisible, or change how others appear. These are control and format characters (Cc, Cf) such as
bidi overrides, soft hyphens and zero widths; line separators (Zl, Zp), surrogates (Cs) and blank letters."""
LOOKED_AT = 200
"""The longest line in characters: hidden characters are searched only so far."""


def is_visible(text: str) -> bool:
    """Whether a text has a visible character: a letter, number, punctuation mark or symbol (Unicode, 4.5)."""
    return any(category(sign)[0] in "LNPS" and sign not in BLANK_LETTERS for sign in text)


def hidden_in(text: str) -> str | None:
    """The first invisible character of a text that no word needs, or None."""
    found = HIDDEN.search(text)
    if found is not None:
        return found[0]
    return next((joiner[0] for joiner in JOINERS.finditer(text) if not _joins(text, joiner.start())), None)


def _joins(text: str, at: int) -> bool:
    """Whether a joiner follows a virama, or stands between two letters, marks or symbols."""
    before, after = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    if before and combining(before) == VIRAMA:
        return True
    return all(sign and category(sign)[0] in "LMS" for sign in (before, after))


class Visible(validate.Regexp):
    """A text of any number of lines with a visible character."""

    def __init__(self) -> None:
        """Set the pattern for the JSON schema, which is weaker than the rule."""
        super().__init__(r"\S", error="Must contain a visible character.")

    def __call__(self, value: Any) -> Any:
        """Return the value, or raise ValidationError."""
        if not is_visible(value):
            raise ValidationError(self.error or self.default_message)
        return value


class Line(validate.Regexp):
    """A visible text of a single line without hidden characters, such as a name: for mails, lists and directories."""

    def __init__(
        self, pattern: str = r"^\s*\S", error: str = "Must be a single line with a visible character."
    ) -> None:
        """Set the pattern for the JSON schema, which the start of the text must match."""
        super().__init__(pattern, error=error)

    def __call__(self, value: Any) -> Any:
        """Return the value, or raise ValidationError."""
        if self.regex.match(value) is None or not is_visible(value):
            raise ValidationError(self.error or self.default_message)
        if (sign := hidden_in(value[:LOOKED_AT])) is not None:
            raise ValidationError(f"Contains the invisible character U+{ord(sign):04X}.")
        return value


VISIBLE, ONE_LINE = Visible(), Line()
TRIMMED = Line(r"^\S(.*\S)?\Z", error="Must be a single visible line without blanks around it.")
Reason = Annotated[str, validate.Length(1, 500), VISIBLE]
"""The reason of an action."""
EmailText = Annotated[str, fields.Email]
UrlText = Annotated[str, fields.Url]
