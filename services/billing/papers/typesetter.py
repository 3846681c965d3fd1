"""Typeset papers as PDF with typst.

The content reaches a template as JSON, never as markup, so that a name prints as it is written. A template reads no
files and loads no packages.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

import orjson
import typst

from chassis.execution.threads import in_thread
from services.billing import settings
from services.billing.papers import fonts
from telemetry.logs import log

TEMPLATES = Path(__file__).parent / "templates"
TRIAL = b"#image(bytes(json(bytes(sys.inputs.data))))"
"""A document with nothing but the logo."""
Format = Literal["pdf", "png"]


def typeset(template: str, content: Mapping[str, object], output: Format = "pdf") -> bytes:
    """Return a paper. A native thread makes it. Unavailable: `busy` while too many papers wait for a thread.

    The log has the number of characters without a font, and no text of the paper.
    """
    paper, boxes = in_thread(_typeset, template, {**content, "hospital": _letterhead()}, output)
    if boxes:
        log.warning("characters without a font", paper=template, count=boxes)
    return paper


def _letterhead() -> dict[str, object]:
    """Return the hospital's facts, as each paper shows them."""
    hospital = settings.current()
    return {
        "name": hospital.hospital_name,
        "address": hospital.hospital_address.splitlines(),
        "tax_id": hospital.hospital_tax_id,
        "logo": hospital.hospital_logo and _bytes_of(hospital.hospital_logo),
    }


@cache
def _bytes_of(logo: Path) -> list[int] | None:
    """Return the bytes of the logo, as JSON can hold them. A logo that does not print is left out, and logged."""
    try:
        found = list(logo.read_bytes())
        typst.compile(TRIAL, sys_inputs={"data": orjson.dumps(found).decode()})
    except (OSError, typst.TypstError) as error:
        log.error("hospital logo does not print", reason=type(error).__name__)
        return None
    return found


def _typeset(template: str, content: Mapping[str, object], output: Format) -> tuple[bytes, int]:
    """Return the paper, and its number of different characters without a font."""
    data = orjson.dumps(content).decode()
    paper = typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=fonts.all_fonts(),
        format=output,
        sys_inputs={"data": data},
    )
    return paper, fonts.uncovered(data)
