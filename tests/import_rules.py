"""The import rule "only" for import-linter: a module imports only the allowed modules."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from importlinter import Contract, ContractCheck, fields, output
from importlinter.domain.helpers import module_expressions_to_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grimp import ImportGraph

Breach = tuple[str, str]


class OnlyContract(Contract):
    """The source modules import only the allowed modules, and modules below those.

    Options:
        source_modules: the modules under the rule, with the wildcards of import-linter.
        allowed_modules: the modules that they may import. A package allows all its modules.
        allow_standard_library: whether the standard library is allowed too.
        only_first_party: whether the rule ignores modules that are not ours.
    """

    type_name = "only"

    source_modules = fields.ListField(subfield=fields.ModuleExpressionField())
    allowed_modules = fields.ListField(subfield=fields.StringField())
    allow_standard_library = fields.BooleanField(required=False, default=False)
    only_first_party = fields.BooleanField(required=False, default=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001
        """Check each direct import of the source modules. ``verbose`` has no effect."""
        breaches = sorted(self._breaches(graph))
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each forbidden import."""
        for importer, imported in check.metadata["breaches"]:
            output.print_error(f"{importer} may not import {imported}")
        output.new_line()

    def _breaches(self, graph: ImportGraph) -> Iterator[Breach]:
        for module in module_expressions_to_modules(graph, self.source_modules):
            for imported in graph.find_modules_directly_imported_by(module.name):
                if not self._is_allowed(imported, ours=not graph.is_module_squashed(imported)):
                    yield module.name, imported

    def _is_allowed(self, imported: str, *, ours: bool) -> bool:
        if self.only_first_party and not ours:
            return True
        if self.allow_standard_library and imported.partition(".")[0] in sys.stdlib_module_names:
            return True
        return any(imported == allowed or imported.startswith(f"{allowed}.") for allowed in self.allowed_modules)
