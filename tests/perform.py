"""Use cases that a test chooses by name: the contract of each is found in its service's table."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from chassis.config import SERVICES
from chassis.contract import Command
from chassis.execution.run import Operation


def served(service: str) -> list[Operation]:
    """The commands and queries in a service's table, each with its use case."""
    table = vars(import_module(f"services.{service}.service"))[f"{service.title()}Service"]
    cells = [cell for method in vars(table).values() for cell in getattr(method, "__closure__", None) or ()]
    return [cell.cell_contents for cell in cells if isinstance(cell.cell_contents, Operation)]


@cache
def contracts() -> dict[Callable[..., Any], type[Command]]:
    """The contract of each use case that some service serves."""
    return {operation.use_case: operation.contract for service in SERVICES for operation in served(service)}


def of_service(service: str) -> list[type[Command]]:
    """The contracts of all that a service serves, by name."""
    found = {contract for contract in contracts().values() if contract.service == service}
    return sorted(found, key=lambda contract: contract.__name__)


def perform(use_case: Callable[..., Any], session: Any, actor: Any, **fields: Any) -> Any:
    """What a use case returns for a command with these fields."""
    return use_case(session, actor, contracts()[use_case](**fields))
