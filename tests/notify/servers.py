"""Mail servers of tests: smtp_server.py as a process, with a self-signed certificate."""

import sys
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from chassis import clock
from tests.servers.processes import Program, free_ports, wait_until

SCRIPT = Path(__file__).parent / "smtp_server.py"
LOGIN = "matron:pass%3Aword%2F1"


class MailServer:
    """A mail server on a free port. Its mails are files in `folder`."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder, self.options = folder, options
        (self.port,) = free_ports(1)

    def __enter__(self) -> Self:
        write_certificate(self.folder)
        command: list[str | Path] = [sys.executable, SCRIPT, self.folder, str(self.port), *self.options]
        self.program = Program(command, log=self.folder / "server.log")
        wait_until((self.folder / "ready").exists, seconds=20, what="the start of the mail server")
        return self

    def __exit__(self, *_exc: object) -> None:
        self.program.kill()

    def url(self, scheme: str = "smtp", login: str = "") -> str:
        """Return the address for MAIL_URL."""
        return f"{scheme}://{login}{'@' if login else ''}127.0.0.1:{self.port}"

    def mails(self) -> list[EmailMessage]:
        """Return the received mails in order."""
        files = sorted(self.folder.glob("*.eml"), key=lambda file: int(file.stem))
        return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]

    def recipients(self) -> list[str]:
        """Return the envelope recipients of each mail."""
        return [file.read_text() for file in sorted(self.folder.glob("*.to"), key=lambda file: int(file.stem))]

    def connections(self) -> int:
        """Return the number of connections."""
        return len((self.folder / "connections").read_text().splitlines())


def write_certificate(folder: Path) -> None:
    """Write a self-signed `certificate.pem` and its `key.pem`, for 127.0.0.1."""
    key, now = ec.generate_private_key(ec.SECP256R1()), clock.now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a mail server of tests")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
