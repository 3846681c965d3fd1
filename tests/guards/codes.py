"""The refusals in the source, with the places that use them."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from chassis import errors
from chassis.errors import MatronError
from chassis.refusals import Refusal
from gateway import problems
from matron import errors_page
from tests.guards.house import Place, name_of, nodes_of, python_files

SOURCES = ("chassis", "gateway", "matron", "services")
LISTED = "gateway/documents/refusals.py"
"""This module lists refusals for OpenAPI, and raises none."""
MAKER = "chassis/refusals.py"
"""This module makes errors from refusals."""
KINDS = {
    name
    for module in (errors, problems)
    for name, kind in vars(module).items()
    if isinstance(kind, type) and issubclass(kind, MatronError)
}


class Raised(NamedTuple):
    """Kind and code of a refusal, and a place that uses it."""

    kind: str
    code: str
    place: Place


@cache
def raised() -> tuple[Raised, ...]:
    """Every use of a refusal by its name."""
    return tuple(one for path in python_files(*SOURCES) if name_of(path) != LISTED for one in _raised_in(path))


def _raised_in(path: Path) -> Iterator[Raised]:
    known = vars(import_module(_module_of(path))) if _names_any(path) else {}
    for node in nodes_of(path):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and isinstance(known.get(node.id), Refusal):
            refusal = known[node.id]
            yield Raised(refusal.kind.__name__, refusal.code, Place(name_of(path), node.lineno))


def _names_any(path: Path) -> bool:
    """Whether a module has a name in capitals, like a refusal. Other modules need no import."""
    return any(isinstance(node, ast.Name) and node.id.isupper() for node in nodes_of(path))


def _module_of(path: Path) -> str:
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def documented() -> frozenset[tuple[str, str]]:
    """Kinds and codes on the page."""
    return frozenset((one.kind.__name__, one.code) for rows in errors_page.sections().values() for one in rows)


@cache
def made_by_hand() -> list[Place]:
    """The places that make an error without a refusal."""
    trees = [(path, nodes_of(path)) for path in python_files(*SOURCES) if name_of(path) != MAKER]
    calls = ((path, node) for path, tree in trees for node in tree if isinstance(node, ast.Call))
    return [Place(name_of(path), call.lineno) for path, call in calls if _is_of_kind(call) and not _is_copy(call)]


def _is_of_kind(call: ast.Call) -> bool:
    made = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return made in KINDS


def _is_copy(call: ast.Call) -> bool:
    """Whether a call copies an error to another kind: `NotFound(*error.args)`."""
    return bool(call.args) and isinstance(call.args[0], ast.Starred)
