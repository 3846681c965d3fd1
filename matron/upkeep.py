"""The commands of those who keep Matron running: dead letters, and events that are to be heard again."""

from datetime import date, datetime, time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from chassis.config import SERVICES
from matron import environment

if TYPE_CHECKING:
    from matron.dead import Letter
    from matron.replay import Span

dead = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Dead letters: events that a service could not handle, even after all retries.",
)
events = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Events that services have sent.")
out, err = Console(highlight=False, soft_wrap=True), Console(stderr=True, highlight=False, soft_wrap=True)


def _service(name: str) -> str:
    if name not in SERVICES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(SERVICES)}")
    return name


def _moment(text: str) -> datetime:
    """A moment with its zone, or the beginning of a day in the hospital's."""
    try:
        return datetime.combine(date.fromisoformat(text), time(), environment.load(needs=()).hospital_timezone)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is neither a day nor a time: 2026-11-22, 2026-11-22T08:00:00Z") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no zone; write {moment.isoformat()}Z for UTC")
    return moment


ServiceName = Annotated[str, typer.Argument(parser=_service, metavar="SERVICE", help=f"One of {', '.join(SERVICES)}.")]
ServiceOrNone = Annotated[
    str | None, typer.Argument(parser=_service, metavar="SERVICE", help="One service; all when left out.")
]
Which = Annotated[str, typer.Argument(metavar="MESSAGE_ID", help="The message id, or the position (#), as listed.")]
WhichOrNone = Annotated[str | None, typer.Argument(metavar="MESSAGE_ID", help="The message id, or the position (#).")]
Data = Annotated[
    Path | None,
    typer.Option(help="Work on this folder of `matron run`. Default: the broker of `AMQP_URL`; without that, `var`."),
]


MOST = 2**63 - 1
"""Of a `ce-sequence`."""
Since = Annotated[
    datetime | None,
    typer.Option(
        parser=_moment, metavar="TIME", help="From this moment on, or from this day on (`HOSPITAL_TIMEZONE`)."
    ),
]
Until = Annotated[
    datetime | None, typer.Option(parser=_moment, metavar="TIME", help="Before this moment, or before this day.")
]
Number = partial(typer.Option, min=1, max=MOST, metavar="NUMBER")
Names = Annotated[
    list[str] | None, typer.Option(help="Only those of this name; for a partner's queue also of several.")
]
Again = Annotated[
    bool, typer.Option("--again", help="Also do again what was done before; needs the handler's database.")
]


@dead.command("list")
def list_letters(
    service: ServiceOrNone = None,
    limit: Annotated[int, typer.Option(help="How many of each service, oldest first.", min=1)] = 100,
    data: Data = None,
) -> None:
    """List dead letters, with the class and code of the error that each ended with. Nothing of their content.

    **Examples**

    `matron dead list`

    `matron dead list notify --limit 20`
    """
    from matron import dead as letters
    from matron.place import Place
    from matron.screen import table

    place, found = Place.given(data), list["Letter"]()
    for name in (service,) if service else SERVICES:
        some, total = letters.listing(place, name, limit)
        found += some
        if total > len(some):
            err.print(f"{name} has {total} dead letters; these are the oldest {len(some)}, --limit shows more")
    if not found:
        out.print("There are no dead letters.")
        return
    table(out, list(found[0].facts), [list(letter.facts.values()) for letter in found])


@dead.command()
def show(
    service: ServiceName,
    message_id: Which,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show the data even if it may name a person.")] = False,
    data: Data = None,
) -> None:
    """Show one dead letter: its headers, and its data unless that may hold contact details or a secret.

    **Examples**

    `matron dead show notify 01919c5e-0000-7000-8000-0000000000a1`

    `matron dead show notify 3 --reveal`
    """
    from matron import dead as letters
    from matron.place import Place
    from matron.screen import plain

    letter = letters.one(Place.given(data), service, message_id)
    for name, value in sorted(letter.headers.items()):
        out.print(plain(f"{name}: {value}"), markup=False)
    content = letters.content(letter, reveal=reveal)
    if content is None:
        content = f"({len(letter.body)} bytes of data, which may name a person: --reveal shows them)"
    out.print("\n" + plain(content), markup=False)


@dead.command()
def replay(
    service: ServiceName,
    message_id: WhichOrNone = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters of the service.")] = False,
    trust: Annotated[bool, typer.Option("--trust", help="Although the code is `wrong_account`: look first.")] = False,
    data: Data = None,
) -> None:
    """Send dead letters back to the handlers that failed, with all their tries before them again.

    Each is removed when the broker has confirmed the new message. An event that was handled meanwhile has no effect.
    One with the code `wrong_account` was not sent by its source, and is refused again: see `matron events replay`.

    **Examples**

    `matron dead replay notify 01919c5e-0000-7000-8000-0000000000a1`

    `matron dead replay notify --all`
    """
    from matron import dead as letters
    from matron.place import Place
    from matron.screen import progress

    _one_or_all(message_id, everything)
    if trust and everything:
        raise typer.BadParameter("--trust goes with one message")
    place = Place.given(data)
    if message_id is None:
        sent, total = letters.replay_all(place, service, partial(progress, err, "sending back"))
    else:
        sent, total = int(letters.replay_one(place, service, message_id, trusted=trust)), 1
    out.print(f"{sent} of {total} sent back")
    if sent < total:
        err.print("The others stay: the queue that they came from is gone. Start the service that handles them first.")
        raise typer.Exit(1)


@dead.command()
def drop(
    service: ServiceName,
    message_id: WhichOrNone = None,
    everything: Annotated[bool, typer.Option("--all", help="All dead letters of the service.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = None,
) -> None:
    """Throw dead letters away, after asking. What they should have done will not be done.

    **Examples**

    `matron dead drop notify 01919c5e-0000-7000-8000-0000000000a1`

    `matron dead drop notify --all --yes`
    """
    from matron import dead as letters
    from matron.place import Place
    from matron.screen import progress

    _one_or_all(message_id, everything)
    place = Place.given(data)
    if message_id is None:
        agreed = lambda total: yes or typer.confirm(f"Throw {total} dead letters of {service} away?")  # noqa: E731  one line, named for what it asks
        dropped = letters.drop_all(place, service, agreed, partial(progress, err, "throwing away"))
    else:
        dropped = int(letters.drop_one(place, service, message_id, lambda letter: yes or _agreed(letter)))
    out.print(f"{dropped} thrown away")


def _one_or_all(message_id: str | None, everything: bool) -> None:
    if (message_id is None) is not everything:
        raise typer.BadParameter("name one message, or say --all")


def _agreed(letter: "Letter") -> bool:
    from matron.screen import plain

    facts = letter.facts
    return typer.confirm(plain(f"Throw the {facts['event']} {facts['message id']} for {facts['queue']} away?"))


@events.command("replay")
def replay_events(
    service: ServiceName,
    *,
    to: Annotated[str, typer.Option(help="Who is to hear them: `service.on_event`, or a partner's queue.")],
    since: Since = None,
    until: Until = None,
    from_sequence: Annotated[int | None, Number(help="From this `ce-sequence` on.")] = None,
    to_sequence: Annotated[int | None, Number(help="To this one, inclusive.")] = None,
    name: Names = None,
    again: Again = False,
    data: Data = None,
) -> None:
    """Send a service's events again to one handler, in their order, so that a copy can be rebuilt or a gap filled.

    Say from when on, or from which number on. A partner's queue gets all public events of the service, or those named.
    Nobody else hears them. A handler passes over the events that it has had, unless `--again` says otherwise. Say that
    only of handlers that keep a copy: one that sends mails or issues invoices would do so again.

    **Examples**

    `matron events replay auth --since 2026-11-22T00:00:00Z --to scheduling.on_doctor_approved`

    `matron events replay scheduling --since 2026-11-01T00:00:00Z --until 2026-11-22T00:00:00Z
    --name appointment_booked --to clinical.on_appointment_booked --again`

    `matron events replay scheduling --from-sequence 42 --to-sequence 44 --to partner.visits`

    `matron events replay scheduling --since 2026-11-21 --name visit_completed --to partner.visits`
    """
    from matron import replay as replaying
    from matron.place import Place
    from matron.screen import progress

    span = _span(since, until, from_sequence, to_sequence)
    wanted = replaying.Replay(replaying.events_for(service, to, name or ()), to, span)
    sent, gone = replaying.send(Place.given(data), wanted, again=again, watch=partial(progress, err, "sending"))
    out.print(f"{sent} sent to {wanted.queue}")
    if gone:
        err.print(f"{gone} of these numbers have no event: too old, emptied for an erased person, or yet to come.")
        raise typer.Exit(1)


def _span(since: datetime | None, until: datetime | None, first: int | None, last: int | None) -> "Span":
    from matron.replay import Span

    if since is None and first is None:
        raise typer.BadParameter("say from where on: --since TIME, or --from-sequence NUMBER")
    if first is not None and last is not None and last < first:
        raise typer.BadParameter("--to-sequence is before --from-sequence")
    return Span(since, until, first, last)
