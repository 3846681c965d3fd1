"""The commands that check medicine data and import interactions from other data sets."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from chassis.config import ConfigError
from matron.screen import plain, table

if TYPE_CHECKING:
    from collections.abc import Callable

    from services.clinical.medicines.imports import Imported

medicines = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Medicine data of the checks.")
out = Console(highlight=False, soft_wrap=True)
Folder = Annotated[Path, typer.Argument(help="Folder of medicine data.", file_okay=False)]


class DataSet(StrEnum):
    """Data sets whose interactions can be imported."""

    ANSM = "ansm"
    DDINTER = "ddinter"


@medicines.command()
def check(folder: Folder) -> None:
    """Validate a folder of medicine data, and print its difference to the built-in data.

    The exit code is 1 if the folder cannot be used.

    **Example**

    `matron medicines check /data/medicines`
    """
    from services.clinical.medicines.dataset import BUILT_IN, load
    from services.clinical.medicines.folders import differences

    data = load(folder)
    for line in (*data.problems, *data.notices()):
        out.print(plain(line), markup=False)
    if data.catalogue is None:
        raise typer.Exit(1)
    found = differences(BUILT_IN, folder)
    if found:
        table(out, ("file", "change", "row"), [(each.file, each.change, each.row) for each in found])
    out.print(
        f"version {plain(data.version)} can be used; {len(found)} rows differ from the built-in data", markup=False
    )


@medicines.command("import")
def import_(
    data_set: Annotated[DataSet, typer.Argument(help="The form of the file.")],
    file: Annotated[Path, typer.Argument(help="DDInter: a CSV file. ANSM: the JSON file of IMthesaurusANSM.")],
    to: Annotated[Path, typer.Option(help="The new folder.")],
    base: Annotated[Path | None, typer.Option(help="The folder to add to. Default: the built-in data.")] = None,
) -> None:
    """Add the interactions of another data set to a copy of the medicine data.

    The licence of the data set is yours to observe: DDInter is not for commercial use, and ANSM's terms are
    unverified. The new folder is unreviewed. Set `MEDICINE_DATA` to use it.

    **Examples**

    `matron medicines import ddinter ddinter_downloads_code_A.csv --to /data/medicines`

    `matron medicines import ansm Thesaurus.json --to /data/medicines`
    """
    from services.clinical.medicines import imports
    from services.clinical.medicines.dataset import BUILT_IN
    from services.clinical.medicines.folders import write_import
    from services.clinical.medicines.tables import CorruptError

    readers: dict[DataSet, Callable[[Path], Imported]] = {DataSet.ANSM: imports.ansm, DataSet.DDINTER: imports.ddinter}
    try:
        imported = readers[data_set](file)
        write_import(base or BUILT_IN, imported, to)
    except CorruptError as error:
        raise ConfigError("; ".join(error.problems)) from None
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from None
    out.print(f"wrote {len(imported.rows)} interactions to {plain(to)}; skipped {imported.skipped} rows", markup=False)
    out.print(f"licence of {imported.source}: {imported.licence}", markup=False)
