"""Operations answer as documented when a client follows the links of a reply."""

from typing import Any

import pytest
from schemathesis import Case

from contracts.roles import Role
from tests.hospital import Hospital
from tests.schemathesis.conftest import Headers
from tests.schemathesis.system import LONG, link_settings, links_of

EXAMPLES, STEPS = (200, 20) if LONG else (10, 6)


@pytest.mark.parametrize("who", [role.value for role in Role])
def test_linked_operations_answer_as_documented(who: str, hospital: Hospital, headers: Headers) -> None:
    machine: Any = links_of(who).as_state_machine()
    called = set[str]()

    class Walk(machine):  # type: ignore[misc]
        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            called.add(case.operation.path)
            return {"base_url": hospital.url, "headers": headers(who), "session": hospital.http}

    Walk.run(settings=link_settings(EXAMPLES, STEPS))
    assert called, "no operation has links"
