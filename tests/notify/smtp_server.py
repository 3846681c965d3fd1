"""A real SMTP server for tests. It runs as a separate process, because asyncio does not work after eventlet's patches.

`python smtp_server.py FOLDER PORT [login] [smtps|starttls]`: each mail becomes a file in FOLDER, and each connection a
line in FOLDER/connections. The recipient's mailbox decides: `unknown...` is refused permanently, `full...` temporarily.
A mail to `proud...` is refused after its data, and a mail to `rude...` drops the connection.
"""

import asyncio
import ssl
import sys
from pathlib import Path
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

FOLDER = Path(sys.argv[1])
PORT = int(sys.argv[2])
OPTIONS = sys.argv[3:]
LOGIN = (b"matron", b"pass:word/1")


class Mailboxes:
    """The reactions of the server to recipients and mails."""

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse unknown and full mailboxes."""
        if address.startswith("unknown"):
            return "550 No such mailbox"
        if address.startswith("full"):
            return "452 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Store the mail."""
        if envelope.rcpt_tos[0].startswith("rude"):
            cast("asyncio.Transport", server.transport).abort()
            return "421 Goodbye"
        if envelope.rcpt_tos[0].startswith("proud"):
            return "554 Not such a mail"
        keep(envelope)
        return "250 Kept"


def keep(envelope: Envelope) -> None:
    """Write the mail and its recipients to files."""
    number = len(list(FOLDER.glob("*.eml")))
    (FOLDER / f"{number}.eml").write_bytes(cast("bytes", envelope.content))
    (FOLDER / f"{number}.to").write_text(" ".join(envelope.rcpt_tos))


def sign_in(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    """Accept the right login."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == LOGIN
    return AuthResult(success=right, handled=False)


def connection(tls: ssl.SSLContext | None) -> SMTP:
    """Return the protocol for a new connection."""
    with (FOLDER / "connections").open("a") as file:
        file.write("one\n")
    needs_login = "login" in OPTIONS
    return SMTP(
        Mailboxes(),
        hostname="localhost",
        tls_context=tls if "starttls" in OPTIONS else None,
        auth_required=needs_login,
        auth_require_tls=False,
        authenticator=sign_in if needs_login else None,
    )


async def serve() -> None:
    """Serve until the process ends."""
    tls = None
    if {"smtps", "starttls"} & set(OPTIONS):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(FOLDER / "certificate.pem", FOLDER / "key.pem")
    outer = tls if "smtps" in OPTIONS else None
    server = await asyncio.get_running_loop().create_server(lambda: connection(tls), "127.0.0.1", PORT, ssl=outer)
    (FOLDER / "ready").touch()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
