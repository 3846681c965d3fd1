"""Options of a command that belong together, as one value."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Show typer each field of a command's dataclass as an option, and give the command the dataclass.

    Each field has a default, and its annotation is that of a typer option. The command has one such parameter.
    """
    signature = inspect.signature(command)
    [group] = [one for one in signature.parameters.values() if is_dataclass(one.annotation)]
    names = [field.name for field in fields(group.annotation)]

    @wraps(command)
    def spreading(**given: object) -> None:
        own = {name: given.pop(name) for name in names}
        command(**given, **{group.name: group.annotation(**own)})

    shown = []
    for one in signature.parameters.values():
        options = [
            inspect.Parameter(field.name, one.kind, default=field.default, annotation=field.type)
            for field in (fields(one.annotation) if one is group else ())
        ]
        shown += options or [one]
    spreading.__signature__ = signature.replace(parameters=shown)  # type: ignore[attr-defined]  # `inspect` and typer read it
    spreading.__annotations__ = {one.name: one.annotation for one in shown}
    return spreading
