"""The subjects of the guards: files, contracts, routes, and the tables of the services."""

import ast
import tokenize
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from chassis.config import SERVICES
from chassis.contract import Command
from chassis.event import Event, events_of
from gateway.service import GatewayService
from matron.services import service_class

ROOT = Path(__file__).parents[2]
PRODUCT = ("chassis", "telemetry", "tokens", "records", "transports", "contracts", "services", "gateway", "matron")


class Routed(NamedTuple):
    """A route of the gateway."""

    method: str
    url: str
    contract: type[Command]
    me: str | None
    status: int
    roles: frozenset[Any]
    at: str
    form: Any
    media: tuple[str, ...]


class Place(NamedTuple):
    """A line of a file, in the form that editors open."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


def contract_modules() -> list[Any]:
    """Import and return all modules of contracts."""
    paths = sorted(path.relative_to(ROOT) for path in (ROOT / "contracts").rglob("*.py"))
    return [import_module(".".join(path.with_suffix("").parts)) for path in paths if path.stem != "__init__"]


@cache
def commands() -> tuple[type[Command], ...]:
    """Every command and query of the hospital."""
    classes = [(module, one) for module in contract_modules() for one in vars(module).values() if isinstance(one, type)]
    found = [one for module, one in classes if issubclass(one, Command) and one.__module__ == module.__name__]
    return tuple(command for command in found if _is_whole(command))


def _is_whole(command: type[Command]) -> bool:
    """Whether a class is a command, and not a base class without service, roles and result."""
    return any(hasattr(command, fact) for fact in ("service", "roles", "returns"))


@cache
def events() -> tuple[type[Event], ...]:
    """Every event of the hospital, without those of tests."""
    contract_modules()
    return tuple(event for event in events_of() if event.__module__.startswith("contracts."))


@cache
def routes() -> tuple[Routed, ...]:
    """All routes of the gateway."""
    members = [getattr(GatewayService, name) for name in dir(GatewayService)]
    return tuple(Routed(*member.route) for member in members if hasattr(member, "route"))


@cache
def members_with(fact: str) -> dict[str, dict[str, Any]]:
    """The members of each service class that have an attribute, such as `contract` or `event`."""
    return {
        name: {key: one for key, one in vars(service_class(name)).items() if hasattr(one, fact)} for name in SERVICES
    }


@cache
def python_files(*folders: str) -> tuple[Path, ...]:
    """The Python files below these folders, without hidden ones, such as the environment of `make bench`."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    shown = (path for path in found if not any(part.startswith(".") for part in path.relative_to(ROOT).parts))
    return tuple(sorted(shown))


def name_of(path: Path) -> str:
    """The path of a file, from the root of the project."""
    return str(path.relative_to(ROOT))


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text())


@cache
def nodes_of(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of a file. Most guards look at them, so a file is walked once."""
    return tuple(ast.walk(tree_of(path)))


def comments(path: Path) -> Iterator[tuple[int, str]]:
    """All comments of a file, each with its line."""
    with tokenize.open(path) as file:
        for token in tokenize.generate_tokens(file.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def nodes(*folders: str) -> Iterator[tuple[str, ast.AST]]:
    """All nodes of all files below these folders, each with the name of the file."""
    for path in python_files(*folders):
        name = name_of(path)
        for node in nodes_of(path):
            yield name, node


def functions(*folders: str) -> Iterator[tuple[Place, str, int]]:
    """All functions: place, name, number of lines."""
    for name, node in nodes(*folders):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield Place(name, node.lineno), node.name, (node.end_lineno or 0) - node.lineno + 1


def lines_of_code(path: Path) -> int:
    """The number of code lines, without blank lines, comments and docstrings."""
    prose = set[int]()
    for node in nodes_of(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            prose.update(range(node.lineno, (node.end_lineno or 0) + 1))
    lines = enumerate(path.read_text().splitlines(), 1)
    return sum(1 for number, line in lines if line.strip() and not line.strip().startswith("#") and number not in prose)
