"""Modules have names that a reader can guess, and a noun has the same name in each tree."""

import ast
from collections.abc import Iterator
from pathlib import Path

from chassis.config import SERVICES
from tests.guards.house import PRODUCT, ROOT, name_of, python_files, tree_of

EMPTY = {"utils", "helpers", "base", "common", "parts", "misc"}
"""Names that fit every module. `models/base.py` is allowed: SQLAlchemy calls the parent of all tables base."""
ACTIVITIES = {
    "billing": "the hospital's word for invoices and payments; a service",
    "scheduling": "the hospital's word for appointments and shifts; a service",
    "messaging": "the usual word for queues, events and their broker",
    "housekeeping": "an ordinary noun: the removal of old rows",
    "listing": "an ordinary noun: a list that comes in pages",
    "rescheduling": "the hospital's word for moving an appointment",
    "sampling": "the usual word in telemetry for keeping a part of the records",
}
"""Names in -ing that are nouns of the field, each with its reason. Any other names an act and not a thing."""
TWINS = {
    ("gateway", "route"): "`route` declares a route; `routes` are the tables of all",
}
EXPORTS = {
    "chassis": "makes the process green before anything else is imported",
    "contracts": "loads all contracts, and exports none",
    "services/billing/providers": "is the table of providers",
}
"""Packages whose `__init__.py` imports something, each with its reason."""
HOMELESS = {
    "audit": "the gateway's audit asks each service for its part; `service.py` answers from the chassis",
    "events": "events of several nouns of the service",
    "fields": "fields that several nouns of the service share",
    "outcomes": "answers that several nouns of the service share",
    "refusals": "refusals that several nouns of the service share",
}
"""Modules of contracts that are not nouns and have no module of the same name in the service."""


def modules() -> list[Path]:
    """The modules and packages of the product, but for migrations, which are numbered."""
    files = [path for path in python_files(*PRODUCT) if "migrations" not in path.parts]
    return sorted(path.parent if path.stem == "__init__" else path for path in files)


def test_a_module_has_a_name_of_its_own() -> None:
    found = [name_of(path) for path in modules() if path.stem in EMPTY and path.parts[-2:] != ("models", "base.py")]
    assert not found, f"{found}: such a name fits everything, so a reader finds nothing under it; name the noun"


def test_a_module_is_named_by_a_noun() -> None:
    found = [name_of(path) for path in modules() if path.stem.endswith("ing") and path.stem not in ACTIVITIES]
    assert not found, f"{found}: name what there is, such as `declarations`; or list the name with its reason"


def test_no_two_modules_of_a_package_are_called_almost_the_same() -> None:
    known = set(modules())
    found = [
        f"{name_of(path)} and {plural}"
        for path in known
        for plural in (f"{path.stem}s", f"{path.stem.removesuffix('y')}ies")
        if {path.with_name(plural), path.with_name(f"{plural}.py")} & known
        if (name_of(path.parent), path.stem) not in TWINS
    ]
    assert not found, f"{found}: a reader cannot guess which of the two has what"


def test_packages_export_nothing_of_their_modules() -> None:
    inits = [path for path in python_files("chassis", "contracts", "services", "gateway") if path.stem == "__init__"]
    found = [name_of(path.parent) for path in inits if any(_own_imports(path)) if name_of(path.parent) not in EXPORTS]
    assert not found, f"{found}: import `contracts.clinical.labs` itself, so that each thing has one address"


def _own_imports(path: Path) -> Iterator[ast.stmt]:
    return (node for node in tree_of(path).body if isinstance(node, ast.Import | ast.ImportFrom))


def test_a_noun_of_the_contracts_has_its_home_in_the_service() -> None:
    homes = {name_of(path).removeprefix("services/").removesuffix(".py") for path in modules()}
    found = [
        name_of(path)
        for path in modules()
        if path.parent.parent == ROOT / "contracts" and path.parent.name in SERVICES
        if path.stem not in HOMELESS and f"{path.parent.name}/{path.stem}" not in homes
    ]
    assert not found, f"{found}: a reader of contracts/<service> looks for the same name in services/<service>"
