"""The functions that a use case can reach: those that it names, those that these name, and so on.

A method of `self` is found in its class. Any other method is found by name in the classes that the module of the caller
knows, so the result may be too large.
"""

import ast
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from tests.guards.house import ROOT, Place, name_of, tree_of

FOLLOWED = ("services", "chassis")


class Piece(NamedTuple):
    """A function, a class or a constant, with its module, and the class of a method."""

    module: str
    node: ast.stmt
    owner: ast.ClassDef | None = None

    def has(self, place: Place) -> bool:
        """Whether a place is within the piece."""
        last = self.node.end_lineno or 0
        return place.path == _file_of(self.module) and self.node.lineno <= place.line <= last


@cache
def reached(module: str, name: str) -> frozenset[Piece]:
    """All pieces that a function of a module can reach."""
    found, ahead = set[Piece](), [_follow(module, name)]
    while ahead:
        piece = ahead.pop()
        if isinstance(piece, Piece) and piece not in found:
            found.add(piece)
            ahead.extend(_named_in(piece))
    return frozenset(found)


def _named_in(piece: Piece) -> Iterator[Piece | str | None]:
    for node in ast.walk(piece.node):
        if isinstance(node, ast.Name):
            named = _follow(piece.module, node.id)
            yield None if isinstance(named, Piece) and isinstance(named.node, ast.ClassDef) else named
        elif isinstance(node, ast.Attribute):
            yield from _attribute(piece, node)


def _attribute(piece: Piece, node: ast.Attribute) -> Iterator[Piece | str | None]:
    """The meanings of `whose.name`: in a module, in the class of the method, or in any known class."""
    whose = node.value.id if isinstance(node.value, ast.Name) else ""
    if whose == "self" and piece.owner is not None:
        yield from _methods(Piece(piece.module, piece.owner), node.attr)
    elif isinstance(module := _follow(piece.module, whose), str):
        yield _follow(module, node.attr)
    else:
        for known in _names(piece.module):
            yield from _methods(_follow(piece.module, known), node.attr)


def _methods(known: Piece | str | None, name: str) -> Iterator[Piece]:
    """The methods of this name, if `known` is a class."""
    if isinstance(known, Piece) and isinstance(known.node, ast.ClassDef):
        for one in known.node.body:
            if isinstance(one, ast.FunctionDef) and one.name == name:
                yield Piece(known.module, one, known.node)


def _follow(module: str, name: str) -> Piece | str | None:
    """The meaning of a name in a module: a piece, the name of a module, or None for foreign code."""
    node = _names(module).get(name)
    if not isinstance(node, ast.ImportFrom):
        return None if node is None else Piece(module, node)
    if (node.module or "").partition(".")[0] not in FOLLOWED:
        return None
    named = next(alias.name for alias in node.names if name in (alias.asname, alias.name))
    whole = f"{node.module}.{named}"
    return whole if _file_of(whole) else _follow(node.module or "", named)


@cache
def _names(module: str) -> dict[str, ast.stmt]:
    """The top-level statements of a module, by name."""
    found = dict[str, ast.stmt]()
    for node in tree_of(ROOT / _file_of(module)).body if _file_of(module) else []:
        found.update((name, node) for name in _names_of(node))
    return found


def _names_of(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.ImportFrom(names=names):
            return [alias.asname or alias.name for alias in names]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


@cache
def _file_of(module: str) -> str:
    """The file of a module of ours. Empty for other modules."""
    path = ROOT / module.replace(".", "/")
    found = [one for one in (path.with_suffix(".py"), path / "__init__.py") if one.exists()]
    return name_of(found[0]) if found else ""
