"""The form of our code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest

from tests.guards.house import (
    PRODUCT,
    Place,
    comments,
    functions,
    lines_of_code,
    name_of,
    nodes,
    nodes_of,
    python_files,
    tree_of,
)

CHASSIS_LINES = 2_000
FILE_LINES = 300
FUNCTION_LINES = 40
MEDIAN_LINES = 12
PARAMETERS = 7
UNTYPED = {"nameko", "kombu", "eventlet", "greenlet", "amqp", "zxcvbn", "uuid_utils"}
"""Libraries without types. A module that imports one of them is an edge, where Any is the truth."""
ANY = {
    "chassis": 1,
    "contracts": 3,
    "gateway": 1,
    "matron": 0,
    "records": 2,
    "services": 5,
    "telemetry": 0,
    "tokens": 0,
}
"""Functions that may mention Any, outside transports and the edges. They only go down; the aim is 80 in all."""
OUTERMOST = ("gateway/server/http.py", "matron/runner.py")
"""The outermost callers of a request and a process, which log unexpected exceptions without their text."""


def test_only_the_chassis_commits() -> None:
    folders = ("services", "gateway", "contracts")
    found = [str(Place(path, node.lineno)) for path, node in nodes(*folders) if _commits(node)]
    assert not found, f"{found}: a commit in the middle of a use case leaves half of it when the rest fails"


def _commits(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit"


def test_only_chassis_and_outermost_callers_catch_everything() -> None:
    found = [
        str(Place(path, node.lineno))
        for path, node in nodes("services", "gateway", "contracts", "matron")
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and path not in OUTERMOST
    ]
    assert not found, f"{found}: a swallowed bug is never fixed, and its text may hold data of a patient"


def _catches_all(handler: ast.ExceptHandler) -> bool:
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or (isinstance(kind, ast.Name) and kind.id in _ALL) for kind in kinds)


_ALL = ("Exception", "BaseException")


KIT = {"is_postgresql", "core", "begin_nested", "rollback", "exec_driver_sql"}
"""Parts of the persistence kit's own work: databases, savepoints and connections."""


def test_use_cases_leave_databases_and_savepoints_to_the_chassis() -> None:
    found = [str(Place(path, node.lineno)) for path, node in nodes("services", "gateway", "contracts") if _is_kit(node)]
    assert not found, f"{found}: a second way to lock, retry or insert is a second place for the same mistakes"


def _is_kit(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").startswith("sqlalchemy.dialects")
    if isinstance(node, ast.Attribute):
        return node.attr in KIT
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and "SAVEPOINT" in node.value


def test_the_chassis_stays_small() -> None:
    counted = [path for path in python_files("chassis") if path.name not in ("refusals.py", "migrations.py")]
    lines = sum(lines_of_code(path) for path in counted)  # The others are data, and history.
    assert lines <= CHASSIS_LINES, f"{lines} lines of code in chassis: something of it belongs elsewhere"


@pytest.mark.parametrize("folder", [*PRODUCT, "deploy", "bench", "tests"])
def test_no_file_is_long(folder: str) -> None:
    found = {name_of(path): len(path.read_text().splitlines()) for path in python_files(folder)}
    long = {name: lines for name, lines in found.items() if lines > FILE_LINES}
    assert not long, f"{long}: split by noun, so that a reader knows where to look"


def test_functions_are_short() -> None:
    long = [
        f"{place} {name}: {lines}"
        for place, name, lines in functions(*PRODUCT)
        if lines > FUNCTION_LINES and "/migrations/" not in place.path  # Generated lists of columns.
    ]
    assert not long, f"{long}: what does not fit on a screen is not understood at once"


def test_most_functions_are_very_short() -> None:
    found = median(lines for _place, _name, lines in functions(*PRODUCT))
    assert found < MEDIAN_LINES, f"half of our functions have {found} lines or more"


def test_functions_have_few_parameters() -> None:
    found = [
        f"{name} {node.name}: {number}"
        for name, node in nodes(*PRODUCT)
        if isinstance(node, ast.FunctionDef) and (number := _parameters(node)) > PARAMETERS
    ]
    assert not found, f"{found}: more than {PARAMETERS} arguments that belong together are a type that is missing"


def _parameters(function: ast.FunctionDef) -> int:
    """The number of parameters, but for `self` and `cls`."""
    given = function.args
    named = [one.arg for one in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return len([name for name in named if name not in ("self", "cls")]) + bool(given.vararg) + bool(given.kwarg)


@pytest.mark.parametrize("folder", ANY)
def test_few_functions_mention_any(folder: str) -> None:
    found = [
        f"{name_of(path)} {node.name}"
        for path in python_files(folder)
        if "migrations" not in path.parts and not _is_edge(path)
        for node in nodes_of(path)
        if isinstance(node, ast.FunctionDef) and _mentions_any(node)
    ]
    assert len(found) <= ANY[folder], f"{len(found)} of {ANY[folder]}, {found}: mypy sees no mistake behind Any"


def _is_edge(path: Path) -> bool:
    """Whether a module imports a library without types."""
    named = [node.module or "" for node in nodes_of(path) if isinstance(node, ast.ImportFrom)]
    named += [alias.name for node in nodes_of(path) if isinstance(node, ast.Import) for alias in node.names]
    return any(name.partition(".")[0] in UNTYPED for name in named)


def _mentions_any(function: ast.FunctionDef) -> bool:
    return any(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(function))


def test_relationships_never_load_by_themselves() -> None:
    found = [
        str(Place(path, node.lineno))
        for path, node in nodes("services")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "relationship"
        if not any(k.arg == "lazy" and getattr(k.value, "value", "") == "raise" for k in node.keywords)
    ]
    assert not found, f'{found}: without lazy="raise" a list becomes one statement per row, unseen'


def test_services_ask_no_other_service() -> None:
    found = [path for path, node in nodes("services") if _imports(node, "gateway.rpc")]
    assert not found, f"{found}: two services that wait for each other stand still; keep a copy fed by events"


def _imports(node: ast.AST, module: str) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module == module or any(f"{node.module}.{alias.name}" == module for alias in node.names)
    return isinstance(node, ast.Import) and any(alias.name == module for alias in node.names)


def test_time_comes_from_the_clock() -> None:
    found = [
        str(Place(path, node.lineno))
        for path, node in nodes("services", "gateway", "contracts")
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today")
        if isinstance(node.value, ast.Name) and node.value.id in ("datetime", "date")
    ]
    assert not found, f"{found}: only `chassis.clock.now()` can be set by a test"


def test_tests_are_not_collected_with_a_time_in_them() -> None:
    found = [
        str(Place(name_of(path), call.lineno))
        for path in python_files("tests")
        if any(_reads_clock(node) for node in nodes_of(path))
        for call in _calls_at_import(tree_of(path))
        if _reads_clock(call)
    ]
    assert not found, f"{found}: a run across midnight has yesterday's examples; call it in the test"


def _reads_clock(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node.func) in ("at", "now", "today", "utcnow")


def _calls_at_import(node: ast.AST) -> Iterator[ast.Call]:
    """The calls during the import of a module: at top level, in a class body, decorator or default."""
    deferred = node.body if isinstance(node, ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef) else ()
    later = [deferred] if isinstance(deferred, ast.AST) else deferred
    for child in ast.iter_child_nodes(node):
        if not any(child is one for one in later):
            yield from _calls_at_import(child)
    if isinstance(node, ast.Call):
        yield node


def _name(called: ast.expr) -> str:
    """The last name of a call: `now` for `now` and for `clock.now`."""
    return called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")


EXCEPTION = re.compile(
    r"#\s*(?:ruff: )?(?:noqa|type: ignore)(?P<codes>(?:: ?[A-Z]+\d+(?:, [A-Z]+\d+)*|\[[a-z, -]+\])?)(?P<reason>.*)$"
)
"""A comment that excludes a line or a file from a rule of ruff or mypy."""
WORDS = re.compile(r"\w[\w']* +\S*\w")
"""At least two words."""


def test_each_exception_from_a_rule_names_the_rule_and_its_reason() -> None:
    found = [
        f"{name_of(path)}:{number}"
        for path in python_files(*PRODUCT, "deploy", "bench")
        for number, comment in comments(path)
        if (one := EXCEPTION.search(comment)) and not (one["codes"] and WORDS.search(_reason(one["reason"])))
    ]
    assert not found, f"{found}: write `# noqa: CODE  why`; else a reader cannot know when to remove it"


def _reason(reason: str) -> str:
    return reason.replace("isort: skip", "")


def test_a_service_is_a_table_without_logic() -> None:
    found = [str(place) for place, _name, _lines in functions("services") if place.path.endswith("/service.py")]
    assert not found, f"{found}: service.py is a table of contents; the use cases are in the nouns' modules"
