"""Entity tags: the revision of a record, with a mark of the account where one path shows each account its own record.

At a path that names its record, `"3"` is enough. At `/api/users/me` two accounts can both have a third revision. A
client that caches replies by path and tag would then show one account the record of another.
"""

from hashlib import sha256

from chassis.contract import Command
from chassis.identity import Actor

MARK_LENGTH = 12
"""Hexadecimal digits, which are 48 bits. Two accounts on one device share a mark once in 10^14 cases."""


def are_personal(contract: type[Command], url: str) -> bool:
    """Whether the tags at a path need a mark: the contract reads or changes a record that the path does not name.

    A created record has its own path, its `Location`, with tags of its own.
    """
    has_revision = bool(contract.roles) and "revision" in contract.returns.schema().fields
    return has_revision and (contract.reads or contract.revised) and "{" not in url


def mark_of(actor: Actor) -> str:
    """Return the mark of an account."""
    return f".{sha256(actor.person.bytes).hexdigest()[:MARK_LENGTH]}"


def no_mark(_actor: Actor) -> str:
    """Return no mark, for a path that names its record."""
    return ""


def tag(revision: str, mark: str) -> str:
    """Return the tag of a revision."""
    return f'"{revision}{mark}"'


def revisions(if_match: str, mark: str) -> str:
    """Return an `If-Match` header for services: tags with this mark become revisions, and other marks match nothing.

    A quoted revision without a mark stays: clients may build it from the `revision` in a body.
    """
    return if_match.replace(f'{mark}"', '"') if mark else if_match
