"""Entity tags: the revision of a record, and whose it is where one path shows each person a record of their own.

At a path that names its record, `"3"` is enough. At `/api/users/me` the third revision of one account is another thing
than that of another: a client that keeps replies by path and tag would show one person what is another's.
"""

from hashlib import sha256

from chassis.contract import Command
from chassis.identity import Actor

MARK_LENGTH = 12
"""Hexadecimal digits: 48 bits, of which two people on one device have the same once in 10^14."""


def are_personal(contract: type[Command], url: str) -> bool:
    """Whether the tags at a path are each person's own: it reads or changes a record that the path does not name.

    What is only made there has its own path, its `Location`, and the tag that counts there.
    """
    has_revision = bool(contract.roles) and "revision" in contract.returns.schema().fields
    return has_revision and (contract.reads or contract.revised) and "{" not in url


def mark_of(actor: Actor) -> str:
    """What tells the tags of one account from those of others."""
    return f".{sha256(actor.person.bytes).hexdigest()[:MARK_LENGTH]}"


def no_mark(_actor: Actor) -> str:
    """At a path that names its record, whose tags are the same for everybody."""
    return ""


def tag(revision: str, mark: str) -> str:
    """The tag of a record in this revision."""
    return f'"{revision}{mark}"'


def revisions(if_match: str, mark: str) -> str:
    """An `If-Match` header as services compare it: the tags of one's own become revisions, those of others match none.

    A revision alone, in quotation marks, stays as it is: clients may make it of the `revision` in a body.
    """
    return if_match.replace(f'{mark}"', '"') if mark else if_match
