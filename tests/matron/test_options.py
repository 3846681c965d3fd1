"""Options of a command that belong together."""

import inspect
from dataclasses import dataclass

from matron.options import spread


@dataclass(frozen=True)
class Span:
    since: int = 0
    until: int | None = None


def shown_by(found: list[Span]):  # noqa: ANN201  a command, as typer gets it
    @spread
    def show(name: str, *, span: Span, again: bool = False) -> None:
        found.append(span)

    return show


def test_command_gets_its_options_as_one_value() -> None:
    found: list[Span] = []
    shown_by(found)(name="a", since=2, until=3, again=True)
    assert found == [Span(2, 3)]


def test_typer_sees_each_field_with_its_default() -> None:
    shown = inspect.signature(shown_by([])).parameters
    assert list(shown) == ["name", "since", "until", "again"]
    assert (shown["since"].default, shown["until"].annotation) == (0, int | None)
