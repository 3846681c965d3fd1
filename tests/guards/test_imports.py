"""The order in which modules build on each other."""

from collections.abc import Iterator

import grimp

from tests.guards.house import PRODUCT


def cycles() -> set[frozenset[str]]:
    """Each group of modules that all reach each other. Imports under TYPE_CHECKING count."""
    graph = grimp.build_graph(*PRODUCT, exclude_type_checking_imports=False, cache_dir=None)
    below = {module: set(_imported(graph, module)) for module in graph.modules}
    return {
        frozenset({module, *mutual})
        for module, reached in below.items()
        if (mutual := {other for other in reached if other != module and module in below[other]})
    }


def _imported(graph: grimp.ImportGraph, module: str) -> Iterator[str]:
    """All modules that a module imports, directly or through others."""
    seen, ahead = set[str](), [module]
    while ahead:
        for found in graph.find_modules_directly_imported_by(ahead.pop()) - seen:
            seen.add(found)
            ahead.append(found)
            yield found


def test_modules_import_each_other_in_no_cycle() -> None:
    found = [sorted(cycle) for cycle in cycles()]
    assert not found, f"{found}: a module in a cycle cannot be read, tested or changed without the others"
