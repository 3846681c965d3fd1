"""A real SMTP server for tests, in a process of its own, since asyncio does not run where eventlet has been.

`python smtp_server.py FOLDER PORT [login] [smtps|starttls]`: each mail becomes a file in FOLDER, each connection a line
in FOLDER/connections. Mailboxes that begin with `unknown` are refused for good and those with `full` for now, a mail to
`proud...` is not taken, and for one to `rude...` it drops the connection.
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
    """What the server does with a mail."""

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Refuse whom nobody knows."""
        if address.startswith("unknown"):
            return "550 No such mailbox"
        if address.startswith("full"):
            return "452 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail."""
        if envelope.rcpt_tos[0].startswith("rude"):
            cast("asyncio.Transport", server.transport).abort()
            return "421 Goodbye"
        if envelope.rcpt_tos[0].startswith("proud"):
            return "554 Not such a mail"
        keep(envelope)
        return "250 Kept"


def keep(envelope: Envelope) -> None:
    """Write the mail and its recipients down."""
    number = len(list(FOLDER.glob("*.eml")))
    (FOLDER / f"{number}.eml").write_bytes(cast("bytes", envelope.content))
    (FOLDER / f"{number}.to").write_text(" ".join(envelope.rcpt_tos))


def sign_in(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    """Let in who knows the login."""
    right = isinstance(data, LoginPassword) and (data.login, data.password) == LOGIN
    return AuthResult(success=right, handled=False)


def a_connection(tls: ssl.SSLContext | None) -> SMTP:
    """Serve one client."""
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
    """Serve until the process is ended."""
    tls = None
    if {"smtps", "starttls"} & set(OPTIONS):
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(FOLDER / "certificate.pem", FOLDER / "key.pem")
    outer = tls if "smtps" in OPTIONS else None
    server = await asyncio.get_running_loop().create_server(lambda: a_connection(tls), "127.0.0.1", PORT, ssl=outer)
    (FOLDER / "ready").touch()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve())
