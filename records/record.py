"""Records: typed data with one schema instance a class, since a schema instance costs twice as much as a load."""

from collections.abc import Iterable
from functools import cache
from typing import ClassVar, cast, dataclass_transform

from marshmallow import RAISE, Schema, ValidationError, post_load

from records.fields import OMITTED, Options, declared_in, field_of


class Derived(Schema):
    """Base of the derived schemas. Loaded data becomes an instance of the record."""

    record: ClassVar[type["Record"]]

    @post_load
    def _made(self, data: dict[str, object], **_kwargs: object) -> "Record":
        made = self.record(**data)
        for name, message in made.flaws():
            raise ValidationError(message, name)
        return made


@dataclass_transform(eq_default=False, kw_only_default=True)
class Record:
    """Typed data. Each annotation of a subclass is a field (see `records.fields`). The repr shows no value."""

    unknown: ClassVar[str] = RAISE
    """marshmallow's rule for unknown fields: RAISE or EXCLUDE."""

    def __init__(self, **given: object) -> None:
        declared = self.declared()
        unknown = given.keys() - declared.keys()
        missing = [name for name in declared.keys() - given.keys() if not hasattr(type(self), name)]
        if unknown or missing:
            raise TypeError(f"{type(self).__name__}: missing {sorted(missing)}, unknown {sorted(unknown)}")
        self.__dict__.update(given)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    @classmethod
    @cache
    def declared(cls) -> dict[str, object]:
        """The annotations of the fields, by name."""
        return declared_in(cls)

    @classmethod
    @cache
    def schema(cls) -> Derived:
        """The schema of the annotations. There is one instance a class."""
        made: dict[str, object] = {name: field_of(hint, **cls._option(name)) for name, hint in cls.declared().items()}
        meta = type("Meta", (), {"unknown": cls.unknown})
        derived = type(cls.__name__, (Derived,), {**made, "Meta": meta, "record": cls, "__doc__": cls.__doc__})
        return cast("Derived", derived())

    @classmethod
    def _option(cls, name: str) -> Options:
        """Options of a field: required, or a default for loading."""
        if not hasattr(cls, name):
            return {"required": True}
        default = getattr(cls, name)
        return {} if default is OMITTED else {"load_default": list if default == [] else default}

    def flaws(self) -> Iterable[tuple[str, str]]:
        """Errors across fields that are valid by themselves, as pairs of a field's name and a message."""
        return ()

    def given(self) -> dict[str, object]:
        """The given fields, by name, without omitted ones."""
        found = {name: getattr(self, name) for name in self.declared()}
        return {name: value for name, value in found.items() if value is not OMITTED}
