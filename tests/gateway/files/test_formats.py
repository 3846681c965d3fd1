"""The structure of files: honest files pass, lies and bombs do not."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Invalid
from contracts.clinical.attachments import MediaType
from gateway.files.contents import Inspection
from gateway.files.formats import FORMATS
from tests.gateway.files.samples import chunk, dicom, jpeg, pdf, png

HONEST = {
    MediaType.PDF: [pdf(), pdf(200_000), pdf(content=b"/OpenAction<</S/JavaScript/JS(app.alert(1))>>")],
    MediaType.PNG: [png(), png(extra=chunk(b"tEXt", b"Comment\0hello"))],
    MediaType.JPEG: [jpeg(), jpeg(scans=3), jpeg(end=b"\xff\xd9" + b"a preview of the camera")],
    MediaType.DICOM: [dicom(), dicom(preamble=b"II*\0")],
}
CASES = [(media_type, file) for media_type, files in HONEST.items() for file in files]


def inspected(media_type: MediaType, file: bytes, step: int = 65536) -> Inspection:
    """Check a file in pieces of this many bytes."""
    inspection = Inspection(FORMATS[media_type]())
    for first in range(0, len(file), step):
        inspection.feed(file[first : first + step])
    inspection.finish()
    return inspection


def refusal(media_type: MediaType, file: bytes) -> str:
    """Return the code of the refusal of a file."""
    with pytest.raises(Invalid) as refused:
        inspected(media_type, file)
    return refused.value.code


@pytest.mark.parametrize(("media_type", "file"), CASES)
def test_honest_file_is_accepted_in_pieces_of_any_size(media_type: MediaType, file: bytes) -> None:
    sizes = {inspected(media_type, file, step).size for step in (1 if len(file) < 1000 else 997, 7, 65536)}
    assert sizes == {len(file)}


@pytest.mark.parametrize(("media_type", "file"), [case for case in CASES if b"preview" not in case[1]])
def test_shortened_file_is_refused(media_type: MediaType, file: bytes) -> None:
    cut = {MediaType.PDF: 12, MediaType.DICOM: 12}.get(media_type, 1)
    assert refusal(media_type, file[:-cut]) == "file_not_as_declared"


@pytest.mark.parametrize("declared", MediaType)
def test_file_of_another_type_is_refused(declared: MediaType) -> None:
    others = [file for media_type, file in CASES if media_type is not declared]
    others += [b"<html><script>alert(1)</script></html>" * 20, b"MZ" + b"\0" * 400, b"a"]
    assert {refusal(declared, file) for file in others} == {"file_not_as_declared"}


@given(st.binary(max_size=2000), st.sampled_from(list(MediaType)))
def test_random_bytes_are_refused(content: bytes, declared: MediaType) -> None:
    assert refusal(declared, content) == "file_not_as_declared"


@given(st.data())
def test_png_with_one_changed_byte_is_refused(data: st.DataObject) -> None:
    file = bytearray(png())
    place = data.draw(st.integers(0, len(file) - 1))
    file[place] ^= data.draw(st.integers(1, 255))
    assert refusal(MediaType.PNG, bytes(file)) in ("file_not_as_declared", "file_too_expansive")


def test_png_followed_by_html_is_refused() -> None:
    assert refusal(MediaType.PNG, png() + b"<html>") == "file_not_as_declared"


def test_png_with_too_many_pixels_is_refused() -> None:
    assert refusal(MediaType.PNG, png(30_000, 30_000, packed=b"x" * 900)) == "file_too_expansive"


def test_png_with_more_pixels_than_its_data_can_hold_is_refused() -> None:
    assert refusal(MediaType.PNG, png(9_000, 9_000, packed=b"x" * 900)) == "file_not_as_declared"


def test_png_with_huge_compressed_text_is_refused() -> None:
    assert refusal(MediaType.PNG, png(extra=chunk(b"zTXt", b"x" * 2_000_000))) == "file_too_expansive"


def test_jpeg_with_too_many_pixels_is_refused() -> None:
    assert refusal(MediaType.JPEG, jpeg(65_535, 65_535)) == "file_too_expansive"


def test_jpeg_with_a_thousand_scans_is_refused() -> None:
    assert refusal(MediaType.JPEG, jpeg(scans=1000)) == "file_too_expansive"


def test_pdf_with_chained_compression_is_refused_across_pieces() -> None:
    filters = b"<</Filter[/FlateDecode /FlateDecode]>>"
    assert refusal(MediaType.PDF, pdf(content=b"x" * 65_500 + filters)) == "file_too_expansive"


def test_dicom_with_deflated_data_is_refused() -> None:
    assert refusal(MediaType.DICOM, dicom(syntax=b"1.2.840.10008.1.2.1.99")) == "file_too_expansive"


@pytest.mark.parametrize("program", [b"MZ\x90", b"\x7fELF", b"#!/bin/sh\n", b"<script>"])
def test_dicom_whose_preamble_is_a_program_is_refused(program: bytes) -> None:
    assert refusal(MediaType.DICOM, dicom(preamble=program)) == "file_not_as_declared"


def test_dicom_with_an_endless_group_is_refused() -> None:
    file = bytearray(dicom())
    file[140:144] = struct.pack("<I", 2**31)
    assert refusal(MediaType.DICOM, bytes(file)) == "file_not_as_declared"
