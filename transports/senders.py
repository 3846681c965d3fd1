"""Who sent a message, as far as the broker vouches for it.

A publisher sets the AMQP property `user_id`. The broker compares it with the account of the connection, and keeps it
through queues, waits and dead-lettering. A process that sends a message on names the first sender in the header
`x-sender`, which that process believes from its own account alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

USER, SENDER = "user_id", "x-sender"


def url_of(url: str, process: str) -> str:
    """The broker's address for one process: `{service}` in it stands for the process's name."""
    return url.replace("{service}", process)


def account_of(url: str) -> str:
    """The account that an address logs in with; empty where the embedded broker is asked for none."""
    parts = urlsplit(url)
    return unquote(parts.username or ("" if parts.scheme == "embedded" else "guest"))


def signed(properties: Mapping[str, Any], account: str) -> dict[str, Any]:
    """A message's properties with the account that sends it, for the broker to check."""
    return {**properties, USER: account} if account else dict(properties)


@dataclass(frozen=True, slots=True)
class Senders:
    """Whose messages a process takes, on an account that is named like the process, or that all share."""

    process: str
    account: str
    unsigned: bool = False
    """Also take messages without `user_id`, as publishers of earlier versions send them."""

    @property
    def apart(self) -> bool:
        """Whether each process has an account of its own, so that the broker can tell them apart."""
        return self.account == self.process

    def sender_of(self, properties: Mapping[str, Any], headers: Mapping[str, Any]) -> str:
        """The account that a message comes from, empty when the broker vouches for none."""
        user = str(properties.get(USER) or "")
        return str(headers.get(SENDER, user)) if user == self.account else user

    def take(self, properties: Mapping[str, Any], headers: Mapping[str, Any], source: str) -> bool:
        """Whether a message comes from its source or from the process itself."""
        sender = self.sender_of(properties, headers)
        return not self.apart or sender in (source, self.process) or (self.unsigned and not sender)
