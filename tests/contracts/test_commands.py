"""Commands load valid payloads and refuse all others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.contract import Command
from chassis.errors import Invalid
from tests.guards.house import commands

EVERY_COMMAND = pytest.mark.parametrize("command", commands(), ids=lambda one: one.__name__)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FEW = settings(max_examples=settings.default.max_examples // 4)
"""Commands share their kinds of fields, so each kind is still tried hundreds of times."""


@EVERY_COMMAND
def test_unknown_field_is_refused(command: type[Command]) -> None:
    with pytest.raises(Invalid) as refused:
        command.read({"no_such_field": 1})
    assert refused.value.facts["errors"]["no_such_field"] == ["Unknown field."]


@EVERY_COMMAND
def test_fingerprint_omits_secrets_and_codes(command: type[Command]) -> None:
    names = set(command.schema().fields)
    secret = {name for name in names if "password" in name or name in ("refresh_token", "mfa_token")}
    codes = {"code"} & names if command.service == "auth" else set()
    assert secret | codes <= command.secrets()


@EVERY_COMMAND
@FEW
@given(data=st.data())
def test_field_is_loaded_or_refused_for_any_json(command: type[Command], data: st.DataObject) -> None:
    fields = [field.data_key or name for name, field in command.schema().fields.items()]
    payload = {name: data.draw(JSON, label=name) for name in fields}
    try:
        command.read(payload)
    except Invalid as refused:
        assert refused.facts.get("errors") or "NUL" in refused.detail  # noqa: PT017
