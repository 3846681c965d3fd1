"""Output of commands: plain tables, one line a row, and progress bars."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

Watch = Callable[[int], AbstractContextManager[Callable[[int], None]]]
"""Takes the total number of steps. Gives a function that takes the number of further steps done."""


def plain(value: object) -> str:
    """Replace control characters: text from outside must not move the cursor or change colours."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in str(value))


def table(out: Console, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns, each row on one line, of any width."""
    lines = [[plain(cell).replace("\n", " ") or "-" for cell in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        out.print(text, markup=False, style=None if number else "bold")


@contextmanager
def progress(console: Console, what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar, on a terminal only. The function takes the number of further steps done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda number: bar.advance(task, number)
