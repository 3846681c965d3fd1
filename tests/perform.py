"""Call use cases by name: the table of the service gives the contract."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from chassis.config import SERVICES
from chassis.contract import Command
from chassis.execution.run import Operation


def served(service: str) -> list[Operation]:
    """The commands and queries of a service, each with its use case."""
    table = vars(import_module(f"services.{service}.service"))[f"{service.title()}Service"]
    cells = [cell for method in vars(table).values() for cell in getattr(method, "__closure__", None) or ()]
    return [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, Operation)]


@cache
def contracts() -> dict[Callable[..., Any], type[Command]]:
    """The contract of each use case of all services."""
    return {operation.use_case: operation.contract for service in SERVICES for operation in served(service)}


def of_service(service: str) -> list[type[Command]]:
    """The contracts of a service, by name."""
    found = {contract for contract in contracts().values() if contract.service == service}
    return sorted(found, key=lambda contract: contract.__name__)


def perform(use_case: Callable[..., Any], session: Any, actor: Any, **fields: Any) -> Any:
    """Call a use case with a command of these fields, and return its result."""
    return use_case(session, actor, contracts()[use_case](**fields))
