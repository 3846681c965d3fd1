"""The shared language of the services: roles, and the commands, queries, views and events of each."""

from importlib import import_module
from pkgutil import walk_packages


def load(service: str = "") -> None:
    """Import the contracts of a service, or of all services. `events_of` lists only events of imported modules."""
    for module in walk_packages(__path__, f"{__name__}."):
        if not service or module.name.split(".")[1] == service:
            import_module(module.name)
