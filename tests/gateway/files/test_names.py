"""Names of files for people."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.clinical.attachments import LONGEST_NAME, MediaType
from contracts.texts import hidden_in, is_visible
from gateway.files.names import display_name, disposition

NAMES = {
    "letter.pdf": "letter.pdf",
    "../../etc/passwd": "passwd.pdf",
    "C:\\Users\\asha\\letter.PDF": "letter.PDF",
    "evil.html": "evil.html.pdf",
    "a\r\nSet-Cookie: x=1.pdf": "a Set-Cookie_ x=1.pdf",
    "nul\0.pdf": "nul.pdf",
    "..": "file.pdf",
    "": "file.pdf",
    ".pdf": "pdf.pdf",
    "  Brief   an\tDr. Müller.pdf ": "Brief an Dr. Müller.pdf",
    "\u202efdp.exe": "fdp.exe.pdf",
    'quote".pdf': "quote_.pdf",
}


@pytest.mark.parametrize(("sent", "shown"), NAMES.items())
def test_name_is_cleaned(sent: str, shown: str) -> None:
    assert display_name(sent, MediaType.PDF) == shown


@given(st.text(), st.sampled_from(list(MediaType)))
def test_any_name_becomes_a_short_visible_line(sent: str, media_type: MediaType) -> None:
    shown = display_name(sent, media_type)
    assert 0 < len(shown) <= LONGEST_NAME
    assert is_visible(shown)
    assert hidden_in(shown) is None
    assert not set("/\\\r\n\0") & set(shown)


def test_disposition_quotes_names_for_old_and_new_programs() -> None:
    header = "attachment; filename=\"M_ller.pdf\"; filename*=UTF-8''M%C3%BCller.pdf"
    assert disposition("Müller.pdf") == header


@given(st.text())
def test_disposition_of_any_name_is_one_line_of_ascii(sent: str) -> None:
    header = disposition(display_name(sent, MediaType.PNG))
    assert header.isascii()
    assert header.isprintable()
