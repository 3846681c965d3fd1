"""The pages that lead a newcomer through the code name existing places only."""

import ast
import re

import pytest

from tests.guards.house import ROOT, tree_of

WALKS = ["docs/request.md", "docs/event.md"]
STEP = re.compile(r"^\d+\. `([\w/]+\.py)` `([\w.]+)`: \S", re.MULTILINE)
NUMBER = re.compile(r"^(\d+)\. ", re.MULTILINE)

each_walk = pytest.mark.parametrize("page", WALKS)


@each_walk
def test_each_step_names_a_file_and_what_is_in_it(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    numbers = [int(number) for number in NUMBER.findall(text)]
    assert numbers == list(range(1, len(numbers) + 1)), f"{page}: the steps are in order"
    assert len(STEP.findall(text)) == len(numbers), f"{page}: a step is `file.py` `name`: what happens there"


@each_walk
def test_each_step_of_a_walk_is_there(page: str) -> None:
    steps = STEP.findall((ROOT / page).read_text("utf-8"))
    gone = [f"{path} {name}" for path, name in steps if not _has(path, name.split("."))]
    assert not gone, f"{page} leads to {gone}: say where it goes now"


def _has(path: str, names: list[str]) -> bool:
    """Whether a file has this function or class, or the class this method or attribute."""
    if not (ROOT / path).exists():
        return False
    here: ast.Module | ast.stmt | None = tree_of(ROOT / path)
    for name in names:
        here = next((one for one in getattr(here, "body", ()) if name in _names_of(one)), None)
    return here is not None


def _names_of(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    return [getattr(node, "name", ""), *(target.id for target in targets if isinstance(target, ast.Name))]
