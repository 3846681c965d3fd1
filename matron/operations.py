"""The commands for operators: dead letters, and replay of events."""

from dataclasses import dataclass
from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from chassis.config import SERVICES
from matron import environment
from matron.options import spread

if TYPE_CHECKING:
    from matron.dead import Letter
    from matron.replay import Span

dead = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Dead letters: events that a service could not handle, even after all retries.",
)
events = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Events that services have published.")
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)


def _service(name: str) -> str:
    if name not in SERVICES:
        raise typer.BadParameter(f"{name!r} is not a service. Services: {', '.join(SERVICES)}")
    return name


def _moment(text: str) -> datetime:
    """Parse a time with its zone, or a day: its start in the hospital's time zone."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), environment.load(needs=()).hospital_timezone)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is not a day or a time. Examples: 2026-11-22, 2026-11-22T08:00:00Z"
        ) from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no time zone. For UTC, write {moment.isoformat()}Z")
    return moment


ServiceName = Annotated[str, typer.Argument(parser=_service, metavar="SERVICE", help=f"One of {', '.join(SERVICES)}.")]
ServiceOrNone = Annotated[
    str | None, typer.Argument(parser=_service, metavar="SERVICE", help="One service. Default: all.")
]
Which = Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="Message id or position (#), as listed.")]
WhichOrNone = Annotated[str | None, typer.Argument(metavar="MESSAGE_ID", help="Message id or position (#).")]
Data = Annotated[
    Path | None,
    typer.Option(help="Folder of `matron run`. Default: the broker of `AMQP_URL`, else `var`."),
]


MOST = 2**63 - 1
"""The largest `ce-sequence`."""
Since = Annotated[
    datetime | None,
    typer.Option(
        parser=_moment, metavar="TIME", help="From this time, or from the start of this day (`HOSPITAL_TIMEZONE`)."
    ),
]
Until = Annotated[
    datetime | None, typer.Option(parser=_moment, metavar="TIME", help="Before this time, or before this day.")
]
Number = partial(typer.Option, min=1, max=MOST, metavar="NUMBER")
First = Annotated[int | None, Number(help="First `ce-sequence`.")]
Last = Annotated[int | None, Number(help="Last `ce-sequence`, inclusive.")]
Names = Annotated[
    list[str] | None, typer.Option(help="Only events of this name. For a partner's queue, repeat it for several names.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Also repeat events that the handler has already handled. Needs its database.")
]


@dataclass(frozen=True)
class ReplayRange:
    """The options that select events: by time, by number and by name."""

    since: Since = None
    until: Until = None
    from_sequence: First = None
    to_sequence: Last = None
    name: Names = None

    def span(self) -> "Span":
        """Return the times and numbers. BadParameter: the range has no start, or ends before it."""
        from matron.replay import Span

        first, last = self.from_sequence, self.to_sequence
        if self.since is None and first is None:
            raise typer.BadParameter("give a start: --since TIME or --from-sequence NUMBER")
        if first is not None and last is not None and last < first:
            raise typer.BadParameter("--to-sequence is before --from-sequence")
        return Span(self.since, self.until, first, last)


@dead.command("list")
def list_letters(
    service: ServiceOrNone = None,
    limit: Annotated[int, typer.Option(help="Dead letters per service, oldest first.", min=1)] = 100,
    data: Data = None,
) -> None:
    """List dead letters with the class and code of the last error, without their content.

    **Examples**

    `matron dead list`

    `matron dead list notify --limit 20`
    """
    from matron import dead as letters
    from matron.installation import Installation
    from matron.screen import table

    installation, found = Installation.given(data), list["Letter"]()
    for name in (service,) if service else SERVICES:
        some, total = letters.oldest_letters(installation, name, limit)
        found += some
        if total > len(some):
            err.print(f"{name} has {total} dead letters. These are the oldest {len(some)}. --limit shows more.")
    if not found:
        out.print("There are no dead letters.")
        return
    table(out, list(found[0].facts), [list(letter.facts.values()) for letter in found])


@dead.command()
def show(
    service: ServiceName,
    message_id: Which,
    reveal: Annotated[
        bool, typer.Option("--reveal", help="Show the data even if it may contain personal data.")
    ] = False,
    data: Data = None,
) -> None:
    """Show one dead letter: its headers, and its data unless it may contain contact details or a secret.

    **Examples**

    `matron dead show notify 01919c5e-0000-7000-8000-0000000000a1`

    `matron dead show notify 3 --reveal`
    """
    from matron import dead as letters
    from matron.installation import Installation
    from matron.screen import plain

    letter = letters.find_letter(Installation.given(data), service, message_id)
    for name, value in sorted(letter.headers.items()):
        out.print(plain(f"{name}: {value}"), markup=False)
    content = letters.content(letter, reveal=reveal)
    if content is None:
        content = f"({len(letter.body)} bytes that may contain personal data. --reveal shows them.)"
    out.print("\n" + plain(content), markup=False)


@dead.command()
def replay(
    service: ServiceName,
    message_id: WhichOrNone = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters of the service.")] = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Accept an event with the code `wrong_account`. Inspect it first.")
    ] = False,
    data: Data = None,
) -> None:
    """Send dead letters back to the handlers that failed. Each handler starts again with all its retries.

    A dead letter is deleted after the broker has confirmed the new message. If the handler has handled the event since
    then, the message has no effect. An event with the code `wrong_account` did not come from its source, and is refused
    again: use `matron events replay`.

    **Examples**

    `matron dead replay notify 01919c5e-0000-7000-8000-0000000000a1`

    `matron dead replay notify --all`
    """
    from matron import dead as letters
    from matron.installation import Installation
    from matron.screen import progress

    _one_or_all(message_id, everything)
    if trust and everything:
        raise typer.BadParameter("--trust needs a MESSAGE_ID")
    installation = Installation.given(data)
    if message_id is None:
        sent, total = letters.replay_all(installation, service, partial(progress, err, "sending back"))
    else:
        sent, total = int(letters.replay_one(installation, service, message_id, trusted=trust)), 1
    out.print(f"{sent} of {total} sent back")
    if sent < total:
        err.print("The others stay, because their queue does not exist. First start the service that handles them.")
        raise typer.Exit(1)


@dead.command()
def drop(
    service: ServiceName,
    message_id: WhichOrNone = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters of the service.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    data: Data = None,
) -> None:
    """Delete dead letters, after confirmation. Their events will never be handled.

    **Examples**

    `matron dead drop notify 01919c5e-0000-7000-8000-0000000000a1`

    `matron dead drop notify --all --yes`
    """
    from matron import dead as letters
    from matron.installation import Installation
    from matron.screen import progress

    _one_or_all(message_id, everything)
    installation = Installation.given(data)
    if message_id is None:
        agreed = lambda total: yes or typer.confirm(f"Delete {total} dead letters of {service}?")  # noqa: E731  one line, named for its question
        dropped = letters.drop_all(installation, service, agreed, partial(progress, err, "deleting"))
    else:
        dropped = int(letters.drop_one(installation, service, message_id, lambda letter: yes or _agreed(letter)))
    out.print(f"{dropped} deleted")


def _one_or_all(message_id: str | None, everything: bool) -> None:
    if (message_id is None) is not everything:
        raise typer.BadParameter("give a MESSAGE_ID, or --all")


def _agreed(letter: "Letter") -> bool:
    from matron.screen import plain

    facts = letter.facts
    return typer.confirm(plain(f"Delete the {facts['event']} {facts['message id']} for {facts['queue']}?"))


@events.command("replay")
@spread
def replay_events(
    service: ServiceName,
    *,
    to: Annotated[str, typer.Option(help="Receiver: a handler `service.on_event`, or a partner's queue.")],
    wanted: ReplayRange,
    again: Again = False,
    data: Data = None,
) -> None:
    """Send events of a service to one handler again, in their order, to rebuild a copy or to fill a gap.

    Give a start: `--since` or `--from-sequence`. A partner's queue gets all public events of the service, or those of
    `--name`. No other handler or queue gets them. A handler ignores events that it has already handled, except with
    `--again`. Use `--again` only for handlers that store copies: others would send mails or issue invoices twice.

    **Examples**

    `matron events replay auth --since 2026-11-22T00:00:00Z --to scheduling.on_doctor_approved`

    `matron events replay scheduling --since 2026-11-01T00:00:00Z --until 2026-11-22T00:00:00Z
    --name appointment_booked --to clinical.on_appointment_booked --again`

    `matron events replay scheduling --from-sequence 42 --to-sequence 44 --to partner.visits`

    `matron events replay scheduling --since 2026-11-21 --name visit_completed --to partner.visits`
    """
    from matron import replay as replays
    from matron.installation import Installation
    from matron.screen import progress

    span = wanted.span()
    replayed = replays.Replay(replays.events_for(service, to, wanted.name or ()), to, span)
    sent, gone = replays.send(Installation.given(data), replayed, again=again, watch=partial(progress, err, "sending"))
    out.print(f"{sent} sent to {replayed.queue}")
    if gone:
        err.print(f"{gone} of these numbers have no event: too old, erased with a person, or not published yet.")
        raise typer.Exit(1)
