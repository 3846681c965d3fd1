"""Callers act on error codes, so docs/errors.md explains every code that the program can raise, and no other."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from chassis import errors
from chassis.config import SERVICES
from chassis.contract import Command
from chassis.errors import MatronError
from gateway import problems
from gateway.refusals import told

ROOT = Path(__file__).parents[2]
SOURCES = ("chassis", "gateway", "matron", "services")
MODULES = ("errors", "problems")
ROW = re.compile(r"^\| `([a-z_]+)` \| (\w+) (\d{3}) \| (.+) \|$", re.MULTILINE)
Raised = tuple[str, str]
"""A code and its kind."""


KINDS = {
    name: kind.status
    for module in (errors, problems)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, MatronError)
}


def kind_of(call: ast.Call) -> str | None:
    """The kind that is made, by its own name or as an attribute of its module."""
    made = call.func
    if isinstance(made, ast.Attribute) and isinstance(made.value, ast.Name) and made.value.id in MODULES:
        return made.attr if made.attr in KINDS else None
    return made.id if isinstance(made, ast.Name) and made.id in KINDS else None


def raised() -> Iterator[tuple[Raised, str]]:
    """Every code with its kind, and where it is raised."""
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            for code, kind, line in _raised_in(tree):
                yield (code, kind), f"{path.relative_to(ROOT)}:{line}"


def _raised_in(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        kind = kind_of(call)
        if kind is not None and call.args:
            for code in _codes(call.args[0], tree, [f for f in functions if call in ast.walk(f)]):
                yield code, kind, call.lineno


def _codes(value: ast.expr, tree: ast.Module, around: list[ast.FunctionDef]) -> list[str]:
    """The literal, or what the module's callers pass for a parameter of that name; `?` for what cannot be read here."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return [value.value]
    for function in around:
        names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
        if isinstance(value, ast.Name) and value.id in names:
            return list(_passed(tree, function.name, names.index(value.id), value.id)) or ["?"]
    return ["?"]


def _passed(tree: ast.Module, function: str, position: int, name: str) -> Iterator[str]:
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called == function:
            named = [keyword.value for keyword in call.keywords if keyword.arg == name]
            value = (call.args[position : position + 1] or named)[0]
            yield value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else "?"


def documented() -> dict[Raised, int]:
    """Codes and kinds in docs/errors.md, with the status that it tells."""
    text = (ROOT / "docs" / "errors.md").read_text("utf-8")
    return {(code, kind): int(status) for code, kind, status, _meaning in ROW.findall(text)}


def commands(base: type[Command] = Command) -> Iterator[type[Command]]:
    """All commands and queries of the contracts."""
    for command in base.__subclasses__():
        if command.__module__.startswith("contracts."):
            yield command
        yield from commands(command)


def test_every_code_can_be_read_in_the_source() -> None:
    unread = [place for (code, _kind), place in raised() if code == "?"]
    assert not unread, f"write the code as a literal, so that it can be found and documented: {unread}"


def test_every_code_is_documented_with_its_kind() -> None:
    known = documented()
    missing = {f"{kind} {code} ({place})" for (code, kind), place in raised() if (code, kind) not in known}
    assert not missing, f"add to docs/errors.md what callers may make of: {sorted(missing)}"


def test_every_documented_code_is_raised_somewhere() -> None:
    found = {both for both, _place in raised()}
    assert not documented().keys() - found, "nobody raises these any more: remove them from docs/errors.md"


def test_the_documented_status_is_that_of_the_kind() -> None:
    assert {both: KINDS[both[1]] for both in documented()} == documented()


def test_a_contract_names_no_code_that_its_service_does_not_raise() -> None:
    for service in SERVICES:
        import_module(f"contracts.{service}")
    known = documented()
    for command in commands():
        for kind, codes in told(command).items():
            for code in codes:
                assert (code, kind.__name__) in known, (
                    f"{command.__name__} names {kind.__name__} {code}: see its docstring"
                )
