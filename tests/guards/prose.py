"""The English of the repository: docstrings, comments, pages and templates."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.guards.house import PRODUCT, ROOT, name_of, tree_of

FOLDERS = (*PRODUCT, "bench", "deploy", "docs", "tests")
PAGES = {".md", ".html", ".jinja"}
"""Files that are prose as a whole. Of the others, only comments and docstrings are."""
COMMENT = re.compile(r"(?:^|\s)(#\s.*)$", re.MULTILINE)
SETTINGS = {".yml", ".yaml", ".sh", ".toml", ".conf", ".csv"}
BY_SERVICE = {"contracts", "services", "tests"}
MARKERS = (
    "whoever",
    "whom",
    "somebody",
    "nobody",
    "anybody",
    "one's own",
    "oneself",
    "anew",
    "told",
    "tells of",
    "said of",
    "says of",
    "meanwhile",
    "no more than",
    "has still to",
    "as it stands",
    "come to",
    "begun",
    "perhaps",
    "of itself",
    "what is",
    "who is",
)
"""Words of sentences that hide their subject or their actor."""
MARKER = re.compile(rf"\b({'|'.join(MARKERS)})\b", re.IGNORECASE)


def counts() -> tuple[Counter[str], Counter[str]]:
    """Words and markers of each folder."""
    words, markers = Counter[str](), Counter[str]()
    for path in _files():
        text = prose_of(path)
        words[_folder(path)] += len(text.split())
        markers[_folder(path)] += len(MARKER.findall(text))
    return words, markers


def _files() -> Iterator[Path]:
    below = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    for path in [*ROOT.iterdir(), *below]:
        parts = path.relative_to(ROOT).parts
        is_ours = not any(part.startswith(".") or part in ("node_modules", "migrations") for part in parts)
        if is_ours and path.is_file() and path.suffix in PAGES | SETTINGS | {".py"}:
            yield path


def prose_of(path: Path) -> str:
    """The words of a file that are written for people."""
    text = path.read_text("utf-8")
    if path.suffix in PAGES:
        return text
    return "\n".join([*COMMENT.findall(text), *(_docstrings(tree_of(path)) if path.suffix == ".py" else ())])


def _docstrings(node: ast.stmt | ast.Module) -> Iterator[str]:
    """Every string that is a statement: of a module, a class, a function or a constant."""
    for one in getattr(node, "body", ()):
        if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant) and isinstance(one.value.value, str):
            yield one.value.value
        yield from _docstrings(one)


def _folder(path: Path) -> str:
    parts = Path(name_of(path)).parts
    return "/".join(parts[:2] if parts[0] in BY_SERVICE and len(parts) > 2 else parts[:1])
