"""The sender of a message, as checked by the broker.

A publisher sets the AMQP property `user_id`. The broker compares it with the account of the connection, and keeps it
through queues, delays and dead-lettering. A process that forwards a message names the first sender in the header
`x-sender`. It accepts that header from its own account only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

USER, SENDER = "user_id", "x-sender"


def url_of(url: str, process: str) -> str:
    """The address of the broker for one process: `{service}` is replaced by the name of the process."""
    return url.replace("{service}", process)


def account_of(url: str) -> str:
    """The account in an address. Empty for an embedded broker without an account."""
    parts = urlsplit(url)
    return unquote(parts.username or ("" if parts.scheme == "embedded" else "guest"))


def signed(properties: Mapping[str, Any], account: str) -> dict[str, Any]:
    """Add the sending account to the properties of a message. The broker checks it."""
    return {**properties, USER: account} if account else dict(properties)


@dataclass(frozen=True, slots=True)
class Senders:
    """The senders that a process accepts. Its account has its name, or all processes share an account."""

    process: str
    account: str
    unsigned: bool = False
    """Whether to accept messages without `user_id`, which earlier versions publish."""

    @property
    def apart(self) -> bool:
        """Whether each process has its own account, so that the broker can distinguish them."""
        return self.account == self.process

    def sender_of(self, properties: Mapping[str, Any], headers: Mapping[str, Any]) -> str:
        """The account that sent a message. Empty if the broker checked none."""
        user = str(properties.get(USER) or "")
        return str(headers.get(SENDER, user)) if user == self.account else user

    def take(self, properties: Mapping[str, Any], headers: Mapping[str, Any], source: str) -> bool:
        """Whether to accept a message: it must come from its source or from the process itself."""
        sender = self.sender_of(properties, headers)
        return not self.apart or sender in (source, self.process) or (self.unsigned and not sender)
