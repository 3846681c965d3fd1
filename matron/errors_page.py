"""docs/errors.md: every error code, written from the refusals in the code."""

from collections.abc import Iterable
from importlib import import_module
from pkgutil import walk_packages

from chassis.errors import MatronError
from chassis.refusals import Refusal

HEAD = """# Error codes

`make docs` writes this page from the code: do not edit it.

Every error is a problem document (RFC 9457, `application/problem+json`):

```json
{"type": "urn:matron:error:slot_taken", "title": "Conflict", "status": 409, "code": "slot_taken",
 "detail": "Another appointment has this time.", "request_id": "01919c5e-0000-7000-8000-0000000000ff"}
```

- Decide by `code`: its meaning never changes. Show `detail` to people. Quote `request_id` when you report a problem.
- With 422, `errors` has the messages of each field.
- With 429 and 503, the header `Retry-After` is the number of seconds to wait.
- Services and nameko clients get the same kinds and codes as exceptions of `chassis.errors`.
"""
SECTIONS = {
    "Any request": ("chassis.refusals", "gateway.problems"),
    "Files": ("gateway.files",),
    "Patients": ("contracts.clinical",),
    "Accounts": ("contracts.auth",),
    "Appointments": tuple(f"contracts.scheduling.{noun}" for noun in ("appointments", "availability", "refusals")),
    "Shifts and tasks": ("contracts.scheduling",),
    "Money": ("contracts.billing",),
    "The `matron` command only": ("matron.refusals",),
}
"""The modules of each section, with all modules below. A code appears in the first section that contains it."""


def as_markdown() -> str:
    """The whole page."""
    tables = [f"\n## {title}\n\n{_table(rows)}" for title, rows in sections().items()]
    return HEAD + "".join(tables)


def sections() -> dict[str, list[Refusal[MatronError]]]:
    """The refusals of each section by code. Of equal kind and code, the refusal with advice is kept."""
    known = set[tuple[str, str]]()
    found = {}
    for title, names in SECTIONS.items():
        rows = {_key(one): one for one in sorted(_refusals(names), key=lambda one: bool(one.advice))}
        found[title] = [rows[key] for key in sorted(rows.keys() - known)]
        known |= rows.keys()
    return found


def _key(refusal: Refusal[MatronError]) -> tuple[str, str]:
    return refusal.code, refusal.kind.__name__


def _refusals(names: Iterable[str]) -> list[Refusal[MatronError]]:
    modules = [import_module(module) for name in names for module in _with_all_below(name)]
    return [one for module in modules for one in vars(module).values() if isinstance(one, Refusal)]


def _with_all_below(name: str) -> list[str]:
    paths = getattr(import_module(name), "__path__", [])
    return [name, *(below.name for below in walk_packages(paths, f"{name}."))]


def _table(rows: Iterable[Refusal[MatronError]]) -> str:
    cells = (f"| `{one.code}` | {one.kind.__name__} {one.kind.status} | {one.advice or one.detail} |" for one in rows)
    return "\n".join(["| code | kind | meaning |", "|---|---|---|", *cells]) + "\n"
