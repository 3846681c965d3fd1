"""Programs in a mount namespace with its own resolv.conf, whose only name server a test can silence."""

import os
import shutil
import socket
import subprocess
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import eventlet
import pytest

ZONE = "hospital.test"
ENTER = "".join(f'mount --bind "$0/{file}" /etc/{file} && ' for file in ("hosts", "nsswitch.conf", "resolv.conf"))
ANSWER, NO_FLAG, A_RECORD = b"\x81\x80", b"\x00", b"\x00\x01"


@cache
def why_not() -> str:
    """Return why no namespace is available. Empty if one is."""
    if (unshare := shutil.which("unshare")) is None:
        return "there is no program unshare"
    tried = subprocess.run([unshare, "-m", "true"], check=False, capture_output=True, text=True)
    return tried.stderr.strip() if tried.returncode else ("" if os.getuid() == 0 else "port 53 is for root")


class NameServer:
    """Answers every name of the zone with the address of this machine, until it is silenced."""

    def __init__(self, folder: Path) -> None:
        if reason := why_not():
            pytest.skip(f"NO DEAD NAME SERVER WAS TRIED: {reason}")
        self.folder, self.silent, self.asked = folder, False, 0
        self.socket = eventlet.green.socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.address = f"127.53.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
        self.socket.bind((self.address, 53))
        (folder / "hosts").write_text("127.0.0.1 localhost\n")
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")
        (folder / "resolv.conf").write_text(f"nameserver {self.address}\n")
        self.thread = eventlet.spawn(self._serve)

    def seen_by(self, command: list[str]) -> list[str]:
        """Return a command that runs this command with this name server only."""
        return ["unshare", "-m", "sh", "-c", ENTER + 'exec "$@"', str(self.folder), *command]

    def named(self, url: str, host: str) -> str:
        """Return a URL of this machine, with a name of the zone."""
        parts = urlsplit(url)
        return parts._replace(netloc=parts.netloc.replace("127.0.0.1", f"{host}.{ZONE}")).geturl()

    def _serve(self) -> None:
        while True:
            query, client = self.socket.recvfrom(512)
            self.asked += 1
            if not self.silent:
                self.socket.sendto(_reply(query), client)

    def close(self) -> None:
        """Stop."""
        self.thread.kill()
        self.socket.close()


def _reply(query: bytes) -> bytes:
    end = query.index(NO_FLAG, 12) + 5
    question: Any = query[12:end]
    is_address = question[-4:-2] == A_RECORD
    record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x00\x00\x04" + socket.inet_aton("127.0.0.1") if is_address else b""
    return (
        query[:2]
        + ANSWER
        + b"\x00\x01"
        + (b"\x00\x01" if is_address else b"\x00\x00")
        + b"\x00" * 4
        + question
        + record
    )
