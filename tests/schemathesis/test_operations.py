"""Each operation answers every role as documented, for good and bad data."""

from collections.abc import Callable
from typing import Any

from schemathesis import Case

from tests.guards.house import python_files
from tests.hospital import Hospital
from tests.schemathesis.conftest import Headers
from tests.schemathesis.system import BEYOND_A_SCHEMA, LONG, WHO, operations_of, roles_by_operation

EXAMPLES = 300 if LONG else 2


def operations_test(who: str) -> Callable[..., Any]:
    """Return a test of each operation that a role may call."""

    @operations_of(who, examples=EXAMPLES).parametrize()
    def test(case: Case, hospital: Hospital, headers: Headers) -> None:
        case.call_and_validate(base_url=hospital.url, headers=headers(who), session=hospital.http)

    return test


for _who in WHO:
    globals()[f"test_every_answer_to_{_who}_is_documented"] = operations_test(_who)


def test_messages_beyond_a_schema_are_in_the_code() -> None:
    code = "".join(path.read_text("utf-8") for path in python_files("contracts", "services", "chassis", "records"))
    assert [message for message in sorted(BEYOND_A_SCHEMA) if message not in code] == []


def test_role_tries_exactly_the_operations_it_may_call() -> None:
    tried = {
        one.ok().definition.raw["operationId"] for one in operations_of("patient", examples=1).get_all_operations()
    }
    assert tried == {name for name, roles in roles_by_operation().items() if "patient" in roles}
