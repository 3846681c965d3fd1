"""The `matron` command."""

import chassis  # noqa: F401  # isort: skip  # First of all: it makes the process green.

from contextlib import nullcontext
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from chassis import config
from chassis.config import SERVICES, ConfigError
from chassis.errors import MatronError
from matron import checks, environment, keys, medicines, operations
from telemetry import logs

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
admin = typer.Typer(no_args_is_help=True, help="Accounts of administrators.")
app.add_typer(admin, name="admin")
app.add_typer(keys.keys, name="keys")
app.add_typer(medicines.medicines, name="medicines")
app.add_typer(operations.dead, name="dead")
app.add_typer(operations.events, name="events")
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)


class Name(StrEnum):
    """The processes that `matron serve` can run."""

    AUTH = "auth"
    SCHEDULING = "scheduling"
    CLINICAL = "clinical"
    BILLING = "billing"
    NOTIFY = "notify"
    GATEWAY = "gateway"


class Payments(StrEnum):
    """The providers that `matron run` offers."""

    PAGE = "page"
    SANDBOXES = "sandboxes"


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"matron {version('matron')}")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """The event-driven backend of a hospital: five services, a broker, a gateway."""


@app.command()
def run(
    port: Annotated[int, typer.Option(help="Port of the gateway.", min=0, max=65535, envvar="HTTP_PORT")] = 8000,
    data: Annotated[Path, typer.Option(help="Folder of databases, keys, mails and logs.")] = Path("var"),
    demo: Annotated[bool, typer.Option(help="Create demo people, working hours and prices.")] = True,
    demo_on_network: Annotated[
        bool, typer.Option("--demo-on-network", help="Allow sign-in as demo people over the network.")
    ] = False,
    payments: Annotated[
        Payments,
        typer.Option(
            help="`page`: the built-in checkout page alone. `sandboxes`: also local servers of the payment providers."
        ),
    ] = Payments.PAGE,
) -> None:
    """Start the whole hospital in one process. Nothing else must be installed.

    Databases are SQLite files, and the message broker runs in the process. By default, only this machine can reach the
    gateway. If `HTTP_HOST` is an address that the network reaches, add `--no-demo` or `--demo-on-network`: the password
    of the demo people is public.

    **Examples**

    `matron run`

    `matron run --port 8001 --data /tmp/hospital --no-demo`

    `matron run --payments sandboxes`

    `HTTP_HOST=0.0.0.0 matron run --no-demo`
    """
    from matron import embedded, sandboxes

    with sandboxes.beside(data, port, out) if payments is Payments.SANDBOXES else nullcontext():
        raise typer.Exit(embedded.run(port, data, demo=demo, demo_on_network=demo_on_network, out=out))


@app.command()
def serve(name: Annotated[Name, typer.Argument(help="The service to run.")]) -> None:
    """Run one service, or the gateway, until SIGTERM.

    The environment holds the settings (see README): `AMQP_URL`, `<SERVICE>_DATABASE_URL`, `JWKS_FILE` and others. So:

    `AMQP_URL=amqp://localhost SCHEDULING_DATABASE_URL=postgresql://... matron serve scheduling`
    """
    from matron.runner import Runner
    from matron.services import check_roles, service_class

    settings = config.use(check_roles(environment.load(services=() if name is Name.GATEWAY else (name.value,))))
    checks.check_keys(settings, name.value)
    if name is Name.GATEWAY:
        checks.check_port(settings)
    else:
        checks.check_tables(settings, name.value)
    logs.set_up_logging(settings.log_level)
    runner = Runner(settings, [service_class(name.value)])
    runner.start()
    raise typer.Exit(runner.run())


@app.command()
def migrate(service: operations.ServiceOrNone = None) -> None:
    """Migrate the databases to this version. Safe to repeat. A database of a newer Matron stays unchanged.

    **Examples**

    `matron migrate`

    `matron migrate billing`
    """
    from chassis.persistence.database import Database
    from matron.migrations import migrate as bring_up

    chosen = SERVICES if service is None else (service,)
    settings = config.use(environment.load(services=chosen, needs=()))
    for name in chosen:
        database = Database(settings.database_url(name))
        with checks.with_database(name):
            checks.revision_of(name, database)
            revision = bring_up(name, database)
        supported = checks.newest(name)
        newer = f" is newer than this Matron ({supported}): not changed" if revision > supported else ""
        out.print(f"{name} ... {revision}{newer}")


@admin.command("create")
def create_admin(
    email: Annotated[str, typer.Argument(help="E-mail address, for sign-in.")],
    name: Annotated[str, typer.Option(help="Name of the administrator.")],
    password: Annotated[
        str,
        typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="MATRON_ADMIN_PASSWORD"),
    ],
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of `matron run`. Default: the database of `AUTH_DATABASE_URL`, else `var`."),
    ] = None,
) -> None:
    """Create an administrator. This is the only way to create the first administrator.

    **Examples**

    `matron admin create asha@hospital.example --name "Asha Rao"`

    `matron admin create asha@hospital.example --name "Asha Rao" --data /tmp/hospital`, also beside `matron run`
    """
    from matron import people

    config.use(environment.load(needs=()))
    people.create_admin(people.database_url(data), email, name, password)
    out.print(f"{email} is an administrator now")


@app.command()
def migration(
    service: operations.ServiceName,
    message: Annotated[str, typer.Option(help="A short description of the change.")],
) -> None:
    """Write the next migration of a service, from the difference between its models and its migrations.

    **Example**

    `matron migration billing --message "add refunds"`
    """
    from matron import development

    out.print(str(development.write_migration(service, message)))


@app.command()
def openapi(
    write: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    check: Annotated[Path | None, typer.Option(help="Fail unless this file is up to date.")] = None,
) -> None:
    """Print the OpenAPI 3.1 document of the HTTP interface.

    **Examples**

    `matron openapi > openapi.json`

    `matron openapi --write docs/openapi.json`

    `matron openapi --check docs/openapi.json`
    """
    from gateway.documents.openapi import as_text, document
    from gateway.service import GatewayService

    text = as_text(document(GatewayService))
    if check is not None and not (check.exists() and check.read_text("utf-8") == text):
        err.print(f"[red]matron:[/red] {check} is out of date. Run `make docs`.")
        raise typer.Exit(1)
    if write is not None:
        write.write_text(text, "utf-8")
        out.print(f"wrote {write}")
    elif check is None:
        typer.echo(text, nl=False)


@app.command()
def asyncapi(
    write: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None,
    page: Annotated[Path | None, typer.Option(help="Write a Markdown page for people to this file.")] = None,
) -> None:
    """Print the AsyncAPI 3.0 document of the events for other systems.

    **Examples**

    `matron asyncapi > asyncapi.json`

    `matron asyncapi --write docs/asyncapi.json --page docs/events.md`
    """
    from gateway.documents.asyncapi import document
    from gateway.documents.openapi import as_text
    from matron.events_page import as_markdown

    text = as_text(document())
    for path, content in ((write, text), (page, as_markdown())):
        if path is not None:
            path.write_text(content, "utf-8")
            out.print(f"wrote {path}")
    if write is page is None:
        typer.echo(text, nl=False)


@app.command()
def errors(write: Annotated[Path | None, typer.Option(help="Write it to this file.")] = None) -> None:
    """Print a Markdown page of all error codes.

    **Examples**

    `matron errors`

    `matron errors --write docs/errors.md`
    """
    from matron.errors_page import as_markdown

    if write is None:
        typer.echo(as_markdown(), nl=False)
    else:
        write.write_text(as_markdown(), "utf-8")
        out.print(f"wrote {write}")


@app.command()
def routes() -> None:
    """List the HTTP routes: method, path, allowed roles, and the command or query that the route calls.

    **Example**

    `matron routes | grep receptionist`
    """
    from contracts.roles import ANY_ROLE
    from gateway.documents.openapi import entries
    from gateway.service import GatewayService
    from matron.screen import table

    rows = []
    for entry in entries(GatewayService):
        contract = entry.contract
        roles = "any role" if entry.roles == ANY_ROLE else ", ".join(sorted(entry.roles)) or "anyone"
        rows.append((entry.method, entry.url, roles, f"{contract.service}.{contract.__name__}"))
    table(out, ("method", "path", "roles", "command"), rows)


def main() -> None:
    """Run the command. An expected error prints one line, without a traceback."""
    try:
        app()
    except (ConfigError, MatronError) as error:
        reason = checks.sentence(error) if isinstance(error, MatronError) else str(error)
        err.print("[red]matron:[/red]", escape(reason))
        raise SystemExit(2) from None
