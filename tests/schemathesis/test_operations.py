"""Each operation answers everybody as the document says, whatever it is sent."""

from collections.abc import Callable
from typing import Any

from schemathesis import Case

from tests.hospital import Hospital
from tests.schemathesis.conftest import Headers
from tests.schemathesis.system import LONG, WHO, asked_by

EXAMPLES = 300 if LONG else 3


def tried(who: str) -> Callable[..., Any]:
    """A test of each operation that somebody may ask for."""

    @asked_by(who, examples=EXAMPLES).parametrize()
    def test(case: Case, hospital: Hospital, headers: Headers) -> None:
        case.call_and_validate(base_url=hospital.url, headers=headers(who), session=hospital.http)

    return test


for _who in WHO:
    globals()[f"test_every_answer_to_{_who}_is_documented"] = tried(_who)
