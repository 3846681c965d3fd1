"""Compose mails, and send them by SMTP or as files in a folder.

The standard library's EmailMessage refuses line breaks in headers. It gets the recipient as one parsed address, so an
address can never become a second recipient.
"""

import smtplib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

from jinja2 import TemplateError

from chassis import config
from services.notify import rules, texts
from services.notify.deliveries.smtp import SmtpServer
from services.notify.models.deliveries import Delivery

BATCH_SECONDS = 120.0
FINAL = 500
LONGEST_LINE = 998
"""Octets, RFC 5322."""
FAILURES = (OSError, ValueError, LookupError, TemplateError, MessageError)
"""Errors of a single mail. The errors of smtplib are OSErrors."""

Send = Callable[[EmailMessage], None]


def send_all(deliveries: Sequence[Delivery]) -> dict[UUID, str | None]:
    """Try to send these mails over one connection. Return for each id None for sent, or the class of the error.

    The outcome is `rules.REFUSED` when the server will never accept the mail or the recipient. Sending stops after
    `BATCH_SECONDS`, before the lease ends. The remaining mails have no outcome.
    """
    outcomes, deadline = dict[UUID, str | None](), time.monotonic() + BATCH_SECONDS
    with _transport(config.current().mail_url) as send:
        for delivery in deliveries:
            if time.monotonic() > deadline:
                break
            outcomes[delivery.id] = _try(send, delivery)
    return outcomes


def _try(send: Send, delivery: Delivery) -> str | None:
    try:
        send(message_of(delivery))
    except FAILURES as error:
        return rules.REFUSED if _is_final(error) else type(error).__name__
    return None


def _is_final(error: Exception) -> bool:
    """Return whether the server refuses this mail permanently; not the sender, and not only for now."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= FINAL for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= FINAL


def message_of(delivery: Delivery) -> EmailMessage:
    """Compose the mail of a delivery, the same at each attempt. Raises ValueError for an impossible mail."""
    subject, body = texts.of_mail(delivery.template, delivery.content)
    message = EmailMessage(SMTP_POLICY)
    message["From"] = config.current().mail_from
    message["To"] = _address(delivery.recipient)
    message["Subject"] = subject
    message["Date"] = delivery.created_at
    message["Message-ID"] = f"<{delivery.message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    # By default the library breaks long lines. That would break the link for a reader of the mail's source.
    plain = body.isascii() and all(len(line) < LONGEST_LINE for line in body.splitlines())
    message.set_content(body, cte="7bit" if plain else "quoted-printable")
    return message


def _address(recipient: str) -> Address:
    """Parse one address, and encode its domain for DNS. Raises ValueError for an impossible address."""
    mailbox, _at, domain = recipient.rpartition("@")
    return Address(addr_spec=f"{mailbox}@{domain.encode('idna').decode()}")


@contextmanager
def _transport(mail_url: str) -> Iterator[Send]:
    """Choose the way to send by the scheme of the address: `file`, `smtp` or `smtps`."""
    url = urlsplit(mail_url)
    if url.scheme == "file":
        folder = Path(unquote(url.path))
        yield lambda message: _write(folder, message)
    elif url.scheme in ("smtp", "smtps"):
        server = SmtpServer(url)
        try:
            yield server.send
        finally:
            server.close()
    else:
        raise config.ConfigError("MAIL_URL is neither file:, smtp: nor smtps:")


def _write(folder: Path, message: EmailMessage) -> None:
    """Write the file in one step. A repeated mail replaces its own file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = message["Message-ID"].strip("<>").replace("/", "_")
    unfinished = folder / f".{name}.part"
    unfinished.write_bytes(message.as_bytes())
    unfinished.replace(folder / f"{name}.eml")
