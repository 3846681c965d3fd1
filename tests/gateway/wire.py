"""A bare TCP connection to the gateway, for malformed requests."""

import socket
from typing import NamedTuple
from urllib.parse import urlsplit

SECONDS = 10.0


class Reply(NamedTuple):
    """A reply."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """One TCP connection."""

    def __init__(self, url: str, source: str = "") -> None:
        parts = urlsplit(url)
        self.socket = socket.create_connection(
            (parts.hostname, parts.port), timeout=SECONDS, source_address=(source, 0)
        )
        self.left = b""

    def send(self, data: bytes) -> None:
        """Send these bytes."""
        self.socket.sendall(data)

    def ask(self, line: str, *headers: str, body: bytes = b"") -> Reply:
        """Send a request and read its reply."""
        head = "\r\n".join([f"{line} HTTP/1.1", "Host: hospital", *headers])
        self.send(head.encode() + b"\r\n\r\n" + body)
        return self.reply(is_head=line.startswith("HEAD"))

    def reply(self, *, is_head: bool = False) -> Reply:
        """Read the next reply."""
        top = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in top[1:] if line)}
        length = 0 if is_head else int(headers.get("content-length", "0"))
        while len(self.left) < length:
            self._more()
        body, self.left = self.left[:length], self.left[length:]
        return Reply(int(top[0].split()[1]), headers, body)

    def is_closed(self) -> bool:
        """Whether the server has closed the connection. Waits for a moment."""
        return not self.left and self.socket.recv(1) == b""

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.left:
            self._more()
        found, _, self.left = self.left.partition(mark)
        return found

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the gateway closed the connection")
        self.left += data

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()
