"""Records: typed data with one schema for each class, since an instance of a schema costs twice what a load does."""

from collections.abc import Iterable
from functools import cache
from typing import Any, ClassVar, cast, dataclass_transform

from marshmallow import RAISE, Schema, ValidationError, post_load

from records.fields import OMITTED, declared_in, field_of


class Derived(Schema):
    """Base of the derived schemas: what is loaded becomes an instance of the record."""

    record: ClassVar[type["Record"]]

    @post_load
    def _made(self, data: dict[str, Any], **_kwargs: Any) -> "Record":
        made = self.record(**data)
        for name, message in made.flaws():
            raise ValidationError(message, name)
        return made


@dataclass_transform(eq_default=False, kw_only_default=True)
class Record:
    """Typed data: each annotation of a subclass is a field, as `records.fields` reads it. Its repr shows no value."""

    unknown: ClassVar[str] = RAISE
    """What becomes of unknown fields: they are refused, or passed over."""

    def __init__(self, **given: Any) -> None:
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
    def declared(cls) -> dict[str, Any]:
        """The annotations of the fields, by name."""
        return declared_in(cls)

    @classmethod
    @cache
    def schema(cls) -> Derived:
        """The one instance of the schema that the annotations stand for."""
        made: dict[str, Any] = {name: field_of(hint, **cls._option(name)) for name, hint in cls.declared().items()}
        meta = type("Meta", (), {"unknown": cls.unknown})
        derived = type(cls.__name__, (Derived,), {**made, "Meta": meta, "record": cls, "__doc__": cls.__doc__})
        return cast("Derived", derived())

    @classmethod
    def _option(cls, name: str) -> dict[str, Any]:
        """Whether a field is required, or what is loaded in its place."""
        if not hasattr(cls, name):
            return {"required": True}
        default = getattr(cls, name)
        return {} if default is OMITTED else {"load_default": list if default == [] else default}

    def flaws(self) -> Iterable[tuple[str, str]]:
        """What is wrong with fields that are each well formed, as pairs of a field's name and a message."""
        return ()

    def given(self) -> dict[str, Any]:
        """The fields that have a value, by name; those that were left out are missing."""
        found = {name: getattr(self, name) for name in self.declared()}
        return {name: value for name, value in found.items() if value is not OMITTED}
