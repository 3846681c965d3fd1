"""A TCP proxy in front of the broker. A test can cut it, freeze it, and count its connections."""

from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import eventlet

from tests.certificates import Certificate


class Proxy:
    """Forwards connections to a broker. With a certificate, clients connect by TLS."""

    def __init__(self, url: str, certificate: Certificate | None = None) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname, parts.port)
        self.listener = eventlet.listen(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.certificate = certificate
        netloc, scheme = f"{parts.username}:{parts.password}@127.0.0.1:{self.port}", "amqps" if certificate else "amqp"
        self.url = parts._replace(netloc=netloc, scheme=scheme).geturl()
        self.sockets: list[tuple[Any, Any]] = []
        self.flowing = eventlet.event.Event()
        self.flowing.send(None)
        self.refusing = False
        self.thread = eventlet.spawn(self._accept)

    @property
    def connections(self) -> int:
        """The number of open connections."""
        return len(self.sockets)

    def _accept(self) -> None:
        while True:
            near, _address = self.listener.accept()
            if self.refusing:
                near.close()
                continue
            if self.certificate is not None:
                eventlet.spawn(self._accept_safely, near, self.certificate)
                continue
            self._join(near)

    def _accept_safely(self, near: Any, certificate: Certificate) -> None:
        with suppress(OSError):
            self._join(certificate.shown_by(near))

    def _join(self, near: Any) -> None:
        pair = near, eventlet.connect(self.target)
        self.sockets.append(pair)
        for source, sink in (pair, pair[::-1]):
            eventlet.spawn(self._pump, pair, source, sink)

    def _pump(self, pair: tuple[Any, Any], source: Any, sink: Any) -> None:
        with suppress(OSError, ValueError):
            while data := source.recv(65536):
                self.flowing.wait()
                sink.sendall(data)
        self._end(pair)
        source.close()

    def _end(self, pair: tuple[Any, Any]) -> None:
        """Wake both threads of a connection. Each closes the socket that it reads from."""
        if pair in self.sockets:
            self.sockets.remove(pair)
        for one in pair:
            with suppress(OSError):
                one.shutdown(2)

    def cut(self) -> None:
        """Close all connections and refuse new ones, as if the broker died."""
        self.refusing = True
        for pair in list(self.sockets):
            self._end(pair)

    def restore(self) -> None:
        """Let connections through again."""
        self.refusing = False

    def freeze(self) -> None:
        """Keep the connections and forward nothing, as if the broker were frozen."""
        self.flowing = eventlet.event.Event()

    def thaw(self) -> None:
        """Forward again."""
        if not self.flowing.ready():
            self.flowing.send(None)

    def close(self) -> None:
        """Close the proxy."""
        self.thaw()
        self.cut()
        self.thread.kill()
        self.listener.close()
