"""Where an operation's answer leads to others, following it holds no surprise either."""

from typing import Any

import pytest
from schemathesis import Case

from contracts.roles import Role
from tests.hospital import Hospital
from tests.schemathesis.conftest import Headers
from tests.schemathesis.system import LONG, followed_by, unhurried

EXAMPLES, STEPS = (200, 20) if LONG else (10, 6)


@pytest.mark.parametrize("who", [role.value for role in Role])
def test_what_an_answer_leads_to_answers_as_the_document_says(who: str, hospital: Hospital, headers: Headers) -> None:
    machine: Any = followed_by(who).as_state_machine()

    class Walk(machine):  # type: ignore[misc]
        def get_call_kwargs(self, case: Case) -> dict[str, Any]:  # noqa: ARG002  schemathesis's signature
            return {"base_url": hospital.url, "headers": headers(who), "session": hospital.http}

    Walk.run(settings=unhurried(EXAMPLES, STEPS))
