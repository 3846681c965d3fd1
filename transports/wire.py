"""An AMQP connection for green threads. A writer thread gathers the frames and sends them together.

py-amqp's default path has three costs (measured, see docs/decisions). It reads the socket before every publish. It
makes two system calls for every frame that it reads. A publish to a frozen broker blocks in the socket.

Here a publish only appends to a buffer, which a writer thread sends. If a send takes longer than `SEND_SECONDS`, the
socket is dropped without a regular close. Then the reader gets an error, and the link reconnects.
"""

import contextlib
import errno
import socket
import ssl as tls
from typing import Any

import amqp
import eventlet
from amqp import spec
from amqp.transport import SSLTransport, TCPTransport, _AbstractTransport
from eventlet.event import Event
from kombu.transport import pyamqp

SEND_SECONDS = 5.0
BUFFER_LIMIT = 16 * 1024 * 1024
READ_AHEAD = 65536
CONNECT_SECONDS = 5.0


class _Gathering(_AbstractTransport):  # type: ignore[misc]  # amqp has no types
    """A mixin for transports of py-amqp: gathers writes, and reads as much as has arrived."""

    sock: Any

    def connect(self) -> None:
        """Connect, and start the writer."""
        self._read_buffer = b""
        self.gathered: list[bytes] = []
        self.size = 0
        self.dropped = False
        self.wake: Event | None = None
        super().connect()
        self.writer = eventlet.spawn(self._write_all)

    def write(self, data: bytes | memoryview) -> None:
        """Append to the buffer. `ConnectionError` if the connection is down or the buffer is full."""
        if self.dropped:
            raise ConnectionError("the connection to the broker is down")
        self.size += len(data)
        if self.size > BUFFER_LIMIT:
            self.drop()
            raise ConnectionError("the broker accepts nothing")
        self.gathered.append(bytes(data))
        if self.wake is not None:
            wake, self.wake = self.wake, None
            wake.send(None)

    def _write_all(self) -> None:
        while self.sock is not None:
            if not self.gathered:
                self.wake = Event()
                self.wake.wait()
                eventlet.sleep(0)  # Other threads that are ready to publish join this send.
                continue
            data, self.gathered, self.size = b"".join(self.gathered), [], 0
            try:
                with eventlet.Timeout(SEND_SECONDS):
                    self._write(data)
            except (OSError, eventlet.Timeout, AttributeError, TypeError, ValueError, RuntimeError):
                self.drop()  # RuntimeError: in TLS, a writer may have to read while the reader does.
                return

    def drop(self) -> None:
        """Shut the socket down at once. The reader gets an error."""
        self.connected, self.dropped = False, True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the socket and stop the writer."""
        super().close()
        if self.wake is not None:
            wake, self.wake = self.wake, None
            wake.send(None)

    def _read(self, n: int, initial: bool = False, _errnos: tuple[int, ...] = (errno.EAGAIN, errno.EINTR)) -> bytes:  # noqa: FBT001, FBT002, ARG002  py-amqp's signature
        buffer: bytes = self._read_buffer
        while len(buffer) < n:
            try:
                got = self._quick_recv(max(READ_AHEAD, n - len(buffer)))
            except BaseException:
                self._read_buffer = buffer
                raise
            if not got:
                self._read_buffer = buffer
                raise OSError("the broker closed the connection")
            buffer += got
        result, self._read_buffer = buffer[:n], buffer[n:]
        return result


class GatheringTransport(_Gathering, TCPTransport):  # type: ignore[misc]  # amqp has no types
    """A plain socket."""


class SafeTransport(_Gathering, SSLTransport):  # type: ignore[misc]  # amqp has no types
    """A socket with TLS. The certificate of the broker must match the name in its URL."""

    def _setup_transport(self) -> None:
        given = {name.removeprefix("ssl_"): value for name, value in self.sslopts.items()}
        context = tls.create_default_context(cafile=given.get("ca_certs"))
        if "certfile" in given:
            context.load_cert_chain(given["certfile"], given.get("keyfile"))
        self.sock = context.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.settimeout(CONNECT_SECONDS)
        self.sock.do_handshake()
        self._quick_recv = self._receive

    def _receive(self, size: int) -> bytes:
        try:
            data: bytes = self.sock.recv(size)
        except (ValueError, AttributeError):
            return b""  # The errors of a socket that was dropped during the read.
        return data

    def _shutdown_transport(self) -> None:
        """Skip the TLS shutdown, which a frozen broker would never answer."""


class Channel(pyamqp.Channel):
    """A channel that publishes without reading the socket first."""

    def basic_publish(
        self,
        msg: amqp.Message,
        exchange: str = "",
        routing_key: str = "",
        mandatory: bool = False,  # noqa: FBT001, FBT002  py-amqp's signature
        **_options: Any,
    ) -> None:
        """Append the message to the buffer."""
        if self.connection is None:
            raise ConnectionError("the channel is closed")
        self.send_method(spec.Basic.Publish, "Bssbb", (0, exchange, routing_key, mandatory, False), msg)


class Connection(pyamqp.Connection):
    """A connection over a gathering transport."""

    Channel = Channel

    @property
    def transport(self) -> Any:
        """The socket. After it is closed, py-amqp would reconnect here, without our set-up."""
        if self._transport is None:
            raise ConnectionError("the connection to the broker is closed")
        return self._transport

    @transport.setter
    def transport(self, transport: Any) -> None:
        self._transport = transport

    def Transport(self, host: str, connect_timeout: float, ssl: Any = False, *_args: Any, **options: Any) -> Any:  # noqa: FBT002, N802  py-amqp's name
        """Create the transport of a new connection."""
        given = {"connect_timeout": connect_timeout, "socket_settings": options.get("socket_settings")}
        return SafeTransport(host, ssl=ssl, **given) if ssl else GatheringTransport(host, **given)


class Transport(pyamqp.Transport):
    """The kombu transport for gathering connections."""

    Connection = Connection
