"""Connections to the SMTP server."""

import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage
from typing import Any
from urllib.parse import SplitResult, unquote

SOCKET_SECONDS = 10.0
SMTP_PORT, SMTPS_PORT = 25, 465


class SmtpServer:
    """An SMTP server. The first mail opens the connection; a mail after a lost connection opens it again.

    An unreachable server is not tried again for the rest of the batch.
    """

    def __init__(self, url: SplitResult) -> None:
        self.url = url
        self.client: smtplib.SMTP | None = None
        self.unreachable: OSError | None = None

    def send(self, message: EmailMessage) -> None:
        """Hand one mail over. Raises OSError for any failure; the errors of smtplib are OSErrors."""
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
                self.client = connect(self.url)
            except OSError as error:
                self.unreachable = error
                raise
        return self.client

    def close(self) -> None:
        """Close the connection, politely if the server still answers."""
        if self.client is not None:
            with suppress(OSError):
                self.client.quit()
            self.client.close()
            self.client = None


def connect(url: SplitResult) -> smtplib.SMTP:
    """Connect and sign in. With `smtp:` the connection is encrypted if the server offers that."""
    trusted = _TrustedContext(ssl.PROTOCOL_TLS_CLIENT)  # It requires a certificate with the name of the host.
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
    host, sender = url.hostname or "localhost", socket.gethostname()  # Without a name smtplib asks the DNS for it.
    if url.scheme == "smtps":
        return smtplib.SMTP_SSL(host, url.port or SMTPS_PORT, sender, timeout=SOCKET_SECONDS, context=trusted)
    return smtplib.SMTP(host, url.port or SMTP_PORT, sender, timeout=SOCKET_SECONDS)


class _TrustedContext(ssl.SSLContext):
    """Closes the socket of an untrusted server, which eventlet's own context leaves open."""

    def wrap_socket(self, sock: socket.socket, *_args: Any, **options: Any) -> ssl.SSLSocket:
        """Return the encrypted socket. Raises OSError when the handshake fails."""
        wrapped = super().wrap_socket(sock, do_handshake_on_connect=False, **options)
        try:
            wrapped.do_handshake()
        except OSError:
            wrapped.close()
            raise
        return wrapped
