"""The classes of the services, imported one by one: a process loads only the services that it runs."""

from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import MetaData

from chassis.config import SERVICES, Config, ConfigError
from contracts.roles import Role

CLASSES = {
    **{name: (f"services.{name}.service", f"{name.capitalize()}Service") for name in SERVICES},
    "gateway": ("gateway.service", "GatewayService"),
}


def service_class(name: str) -> type:
    """Import the nameko class of a service."""
    module, attribute = CLASSES[name]
    found: type = getattr(import_module(module), attribute)
    return found


def tables_of(service: str) -> MetaData:
    """Return the tables of a service: all modules of its `models` package are imported."""
    models = import_module(f"services.{service}.models")
    for module in iter_modules(models.__path__, f"{models.__name__}."):
        import_module(module.name)
    found: MetaData = import_module(f"services.{service}.models.base").Base.metadata
    return found


def check_roles(config: Config) -> Config:
    """Return the settings. `ConfigError` if `MFA_REQUIRED_ROLES` names an unknown role, which protects no account."""
    unknown = sorted(config.mfa_required_roles - {role.value for role in Role})
    if unknown:
        raise ConfigError(f"MFA_REQUIRED_ROLES: there is no role {', '.join(unknown)}")
    return config
