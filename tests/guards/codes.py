"""The error codes in the source: where each is written, and of which kind it is."""

import ast
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from chassis import errors
from chassis.errors import MatronError
from gateway import problems
from tests.guards.house import Place, name_of, python_files, tree_of

SOURCES = ("chassis", "gateway", "matron", "services")
MODULES = ("errors", "problems")
UNREAD = "?"
"""Stands for a code that cannot be read where it is used."""
KINDS: dict[str, type[MatronError]] = {
    name: kind
    for module in (errors, problems)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, MatronError)
}


class Raised(NamedTuple):
    """A code, its kind, and the place where it is written."""

    kind: str
    code: str
    place: Place


@cache
def raised() -> tuple[Raised, ...]:
    """Every code of the program."""
    found = [(path, one) for path in python_files(*SOURCES) for one in _raised_in(tree_of(path))]
    return tuple(Raised(kind, code, Place(name_of(path), line)) for path, (kind, code, line) in found)


def _raised_in(tree: ast.Module) -> Iterator[tuple[str, str, int]]:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    for call in _calls(tree):
        kind = _kind_of(call)
        if kind is not None and call.args and not isinstance(call.args[0], ast.Starred):  # Else it has another's code.
            for value in _values(call.args[0], tree, [f for f in functions if call in ast.walk(f)]):
                yield kind, _text(value), value.lineno


def _calls(tree: ast.Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _kind_of(call: ast.Call) -> str | None:
    """The kind that is made, by its own name or as an attribute of its module; of a kind of a kind, as it is told."""
    made, name = call.func, ""
    if isinstance(made, ast.Attribute) and isinstance(made.value, ast.Name) and made.value.id in MODULES:
        name = made.attr
    elif isinstance(made, ast.Name):
        name = made.id
    kinds = [kind.__name__ for kind in KINDS[name].__mro__ if kind.__base__ is MatronError] if name in KINDS else []
    return kinds[0] if kinds else None


def _text(value: ast.expr) -> str:
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else UNREAD


def _values(value: ast.expr, tree: ast.Module, around: list[ast.FunctionDef]) -> list[ast.expr]:
    """The value itself, or what the module's callers pass for a parameter of that name."""
    for function in around:
        names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
        if isinstance(value, ast.Name) and value.id in names:
            return list(_passed(tree, function.name, names.index(value.id), value.id)) or [value]
    return [value]


def _passed(tree: ast.Module, function: str, position: int, name: str) -> Iterator[ast.expr]:
    for call in _calls(tree):
        called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if called == function:
            named = [keyword.value for keyword in call.keywords if keyword.arg == name]
            yield (call.args[position : position + 1] or named)[0]
