"""Mail: what one looks like, and the two ways in which it leaves, by SMTP or as files in a folder.

A mail is built with the standard library's EmailMessage, which refuses line breaks in headers, and the address is given
to it as one address: no recipient, however written, becomes a second one.
"""

import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import UUID

from jinja2 import TemplateError

from chassis import config
from services.notify import rules, wording
from services.notify.models.deliveries import Delivery

SOCKET_SECONDS = 10.0
BATCH_SECONDS = 120.0
SMTP_PORT, SMTPS_PORT = 25, 465
FINAL = 500
LONGEST_LINE = 998
"""Octets, RFC 5322."""
FAILURES = (OSError, ValueError, LookupError, TemplateError, MessageError)
"""What one mail can fail with; smtplib's own errors are OSErrors."""

Send = Callable[[EmailMessage], None]


def send_all(deliveries: Sequence[Delivery]) -> dict[UUID, str | None]:
    """Try to send these mails, over one connection: by id the class of the error, or None for sent.

    It is `rules.REFUSED` instead where the server will never take the mail, or any mail to the address. After
    `BATCH_SECONDS` the rest is left out, so that nobody still sends when the lease ends.
    """
    outcome, deadline = dict[UUID, str | None](), time.monotonic() + BATCH_SECONDS
    with _way(config.current().mail_url) as send:
        for delivery in deliveries:
            if time.monotonic() > deadline:
                break
            outcome[delivery.id] = _try(send, delivery)
    return outcome


def _try(send: Send, delivery: Delivery) -> str | None:
    try:
        send(message_of(delivery))
    except FAILURES as error:
        return rules.REFUSED if _is_final(error) else type(error).__name__
    return None


def _is_final(error: Exception) -> bool:
    """Whether the server refuses this mail for good, and not us, or just now."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= FINAL for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= FINAL


def message_of(delivery: Delivery) -> EmailMessage:
    """The mail of a delivery, the same at each try. ValueError when it cannot be a mail."""
    subject, body = wording.of_mail(delivery.template, delivery.content)
    message = EmailMessage(SMTP_POLICY)
    message["From"] = config.current().mail_from
    message["To"] = _address(delivery.recipient)
    message["Subject"] = subject
    message["Date"] = delivery.created_at
    message["Message-ID"] = f"<{delivery.message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    # Left to itself the library would break long lines, and with them the link, for whoever reads the mail's source.
    plain = body.isascii() and all(len(line) < LONGEST_LINE for line in body.splitlines())
    message.set_content(body, cte="7bit" if plain else "quoted-printable")
    return message


def _address(recipient: str) -> Address:
    """One address, its domain as DNS has it. ValueError when it cannot be one."""
    mailbox, _at, domain = recipient.rpartition("@")
    return Address(addr_spec=f"{mailbox}@{domain.encode('idna').decode()}")


@contextmanager
def _way(mail_url: str) -> Iterator[Send]:
    """How mails leave, by the scheme of the address: `file`, `smtp` or `smtps`."""
    url = urlsplit(mail_url)
    if url.scheme == "file":
        folder = Path(unquote(url.path))
        yield lambda message: _write(folder, message)
    elif url.scheme in ("smtp", "smtps"):
        server = _Server(url)
        try:
            yield server.send
        finally:
            server.close()
    else:
        raise config.ConfigError("MAIL_URL is neither file:, smtp: nor smtps:")


def _write(folder: Path, message: EmailMessage) -> None:
    """Write the file in one step; the mail sent again is the same file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = message["Message-ID"].strip("<>").replace("/", "_")
    unfinished = folder / f".{name}.part"
    unfinished.write_bytes(message.as_bytes())
    unfinished.replace(folder / f"{name}.eml")


class _Server:
    """An SMTP server, connected to at the first mail, and again when it has dropped the connection.

    A server that could not be reached is not tried again for the rest of the batch.
    """

    def __init__(self, url: SplitResult) -> None:
        self.url = url
        self.client: smtplib.SMTP | None = None
        self.unreachable: OSError | None = None

    def send(self, message: EmailMessage) -> None:
        """Hand one mail over; OSError (smtplib's are such) when that failed."""
        client = self._connected()
        try:
            client.send_message(message)
        except (smtplib.SMTPServerDisconnected, ConnectionError, TimeoutError):
            self.close()
            raise

    def _connected(self) -> smtplib.SMTP:
        if self.unreachable is not None:
            raise self.unreachable
        if self.client is None:
            try:
                self.client = _connect(self.url)
            except OSError as error:
                self.unreachable = error
                raise
        return self.client

    def close(self) -> None:
        """Say goodbye, if anybody listens still."""
        if self.client is not None:
            with suppress(OSError):
                self.client.quit()
            self.client.close()
            self.client = None


def _connect(url: SplitResult) -> smtplib.SMTP:
    """Connect and sign in. With `smtp:` the connection is encrypted when the server offers that."""
    trusted = _Trusted(ssl.PROTOCOL_TLS_CLIENT)  # Wants a certificate, and the host's name in it.
    trusted.load_default_certs()
    client = _opened(url, trusted)
    try:
        client.ehlo()
        if url.scheme == "smtp" and client.has_extn("starttls"):
            client.starttls(context=trusted)
        if url.username:
            client.login(unquote(url.username), unquote(url.password or ""))
    except OSError:
        client.close()
        raise
    return client


def _opened(url: SplitResult, trusted: ssl.SSLContext) -> smtplib.SMTP:
    host, us = url.hostname or "localhost", socket.gethostname()  # Left to itself, smtplib asks the DNS for our name.
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, url.port or SMTPS_PORT, us, timeout=SOCKET_SECONDS, context=trusted)
    return smtplib.SMTP(host, url.port or SMTP_PORT, us, timeout=SOCKET_SECONDS)


class _Trusted(ssl.SSLContext):
    """Closes a socket when the server turns out not to be trusted, which eventlet's own context leaves open."""

    def wrap_socket(self, sock: socket.socket, *_args: Any, **options: Any) -> ssl.SSLSocket:
        """The encrypted socket; OSError when the two do not come to terms."""
        wrapped = super().wrap_socket(sock, do_handshake_on_connect=False, **options)
        try:
            wrapped.do_handshake()
        except OSError:
            wrapped.close()
            raise
        return wrapped
