"""The import rule "only", which import-linter lacks: a module imports nothing but what it is allowed to."""

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
    """The source modules import directly nothing but the allowed modules and what lies below them.

    Options:
        source_modules: whom the rule binds; wildcards as in import-linter's own contracts.
        allowed_modules: what they may import, packages with all that is in them.
        allow_standard_library: whether Python's own modules are allowed as well.
        only_first_party: whether the rule leaves everything alone that is not ours.
    """

    type_name = "only"

    source_modules = fields.ListField(subfield=fields.ModuleExpressionField())
    allowed_modules = fields.ListField(subfield=fields.StringField())
    allow_standard_library = fields.BooleanField(required=False, default=False)
    only_first_party = fields.BooleanField(required=False, default=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002, FBT001
        """Look at each direct import of the source modules. ``verbose`` adds nothing here."""
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
