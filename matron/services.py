"""Which classes the services are. Imported one by one, so that a process loads only what it serves."""

from importlib import import_module

from chassis.config import SERVICES

CLASSES = {
    **{name: (f"services.{name}.service", f"{name.capitalize()}Service") for name in SERVICES},
    "gateway": ("gateway.service", "GatewayService"),
}


def service_class(name: str) -> type:
    """The nameko class of a service."""
    module, attribute = CLASSES[name]
    found: type = getattr(import_module(module), attribute)
    return found
