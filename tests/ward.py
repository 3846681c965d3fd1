"""A made-up ward, small enough to read at once: what tests of the chassis and of the broker let the chassis do.

`Ward` writes notes and says so; `Desk` hears of them. What happens inside is what a test puts into `STEPS`.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import String, insert, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

from chassis.config import Config
from chassis.contract import ANYONE, Command, PageQuery, Query, Role, View, page_of
from chassis.errors import Conflict
from chassis.event import Event
from chassis.execution.entrypoints import Service, hears, serves
from chassis.execution.run import Refused
from chassis.identity import Actor
from chassis.persistence import tables
from chassis.persistence.database import Database, Session, refusing
from chassis.persistence.listing import page
from chassis.persistence.tables import BigSerial, new_metadata
from chassis.refusals import Refusal
from records.fields import Secret


class WardRole(Role):
    NURSE = "nurse"


NURSES = frozenset({WardRole.NURSE})


class NoteView(View):
    id: UUID
    text: str
    revision: int


class GreetingView(View):
    greeting: str


class WriteNote(Command, service="ward", roles=NURSES, returns=NoteView):
    text: str


class SendNote(Command, service="ward", roles=NURSES, returns=NoteView):
    """A command that calls outside."""

    text: str


class TryCode(Command, service="ward", roles=ANYONE, returns=NoteView, keyed=False):
    """A command without a key, whose refusals count."""

    code: Annotated[str, Secret]


class ListNotes(PageQuery, service="ward", roles=NURSES, returns=page_of(NoteView)):
    pass


class Greet(Query, service="ward", roles=ANYONE, returns=GreetingView):
    name: str = "you"


class NoteEvent(Event):
    note_id: UUID
    example: ClassVar = {"note_id": "01919c5e-0000-7000-8000-000000000001"}


class NoteWritten(NoteEvent, service="ward", subject="note_id", heard_by=("desk.on_note_written",)):
    pass


class NoteWhispered(NoteEvent, service="ward", subject="note_id", internal=True, heard_by=("desk.on_note_whispered",)):
    pass


class Base(DeclarativeBase):
    metadata = new_metadata()


class Note(Base):
    __tablename__ = "note"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(String(200), unique=True)
    revision: Mapped[int] = mapped_column(default=1)


class Heard(Base):
    __tablename__ = "heard"

    id: Mapped[int] = mapped_column(BigSerial, primary_key=True)
    note_id: Mapped[UUID]
    sequence: Mapped[int]


class Steps:
    """Extra steps of the ward, which a test replaces."""

    def __init__(self) -> None:
        self.write: Callable[[], None] = lambda: None
        self.greet: Callable[[], None] = lambda: None
        self.outside: Callable[[], str] = lambda: "sent"
        self.record: Callable[[], None] = lambda: None
        self.hear: Callable[[], None] = lambda: None


STEPS = Steps()
TAKEN = {"uq_note_text": Refusal(Conflict, "text_taken", "There is such a note.")}


def write(session: Session, _actor: Actor, command: WriteNote) -> Note:
    STEPS.write()
    note = Note(id=uuid7(), text=command.text, revision=1)
    with refusing(session, TAKEN):
        session.add(note)
    session.publish(NoteWritten(note_id=note.id))
    session.publish(NoteWhispered(note_id=note.id))
    return note


def prepare(_session: Session, _actor: Actor, command: SendNote) -> dict[str, Any]:
    STEPS.write()
    return {"note_id": str(uuid7()), "length": len(command.text)}


def outside(_plan: dict[str, Any], command: SendNote) -> str:
    return f"{command.text} {STEPS.outside()}"


def record(session: Session, _actor: Actor, plan: dict[str, Any], outcome: str, _command: SendNote) -> Note:
    STEPS.record()
    note = Note(id=UUID(plan["note_id"]), text=outcome, revision=1)
    session.add(note)
    session.publish(NoteWritten(note_id=note.id))
    return note


def try_code(session: Session, _actor: Actor, command: TryCode) -> Note | Refused:
    note = Note(id=uuid7(), text=f"tried {command.code}", revision=1)
    session.add(note)
    return note if command.code == "right" else Refused(Conflict("wrong_code", "That is not the code."))


def listing(session: Session, _actor: Actor, query: ListNotes) -> Any:
    statement = select(Note.id, Note.text, Note.revision)
    return page(session, statement, (Note.text, Note.id), limit=query.limit, cursor=query.cursor, newest_first=False)


def greet(_session: Session, _actor: Actor, query: Greet) -> dict[str, str]:
    STEPS.greet()
    return {"greeting": f"Hello {query.name}"}


def hear(session: Session, _actor: Actor, event: NoteWritten) -> None:
    STEPS.hear()
    session.append(Heard, note_id=event.note_id, sequence=session.call.heard.sequence)


class Ward(Service):
    """Writes notes."""

    name = "ward"
    write_note = serves(WriteNote, write)
    send_note = serves(SendNote, prepare, outside=outside, then=record)
    try_code = serves(TryCode, try_code)
    list_notes = serves(ListNotes, listing)
    greet = serves(Greet, greet)


class Desk(Service):
    """Receives events about notes."""

    name = "desk"
    on_note_written = hears(NoteWritten, hear)
    on_note_whispered = hears(NoteWhispered, lambda _session, _actor, _event: None)


def settings(**changes: Any) -> Config:
    """The settings of a process, mostly defaults."""
    given = {
        "amqp_url": "embedded://ward",
        "database_urls": {},
        "jwks_file": Path("jwks.json"),
        "signing_keys": Path("private"),
        "hospital_timezone": ZoneInfo("UTC"),
        "http_host": "127.0.0.1",
        "http_port": 0,
        "health_port": 0,
        "public_url": "http://hospital.example",
        "mail_url": "file:mail",
        "mail_from": "hospital@localhost",
        "attachments_url": "file:attachments",
        "mfa_required_roles": frozenset(),
        "allow_unsigned_events": False,
        "workers": 16,
        "retry_delays": (0.1, 0.3),
        "log_level": "INFO",
    }
    return Config(**{**given, **changes})


def create_tables(database: Database) -> None:
    """Create the tables of the ward, as a migration would."""
    for metadata in (tables.metadata, Base.metadata):
        metadata.create_all(database.engine)
    audiences = [{"internal": audience, "sent_through": 0} for audience in (False, True)]
    with database.begin() as session:
        session.execute(insert(tables.relay), audiences)


@contextmanager
def opened(url: str) -> Iterator[Database]:
    """A database with the tables of the ward."""
    database = Database(url)
    create_tables(database)
    try:
        yield database
    finally:
        database.close()
