"""Host name look-ups that block only the calling green thread.

The system's resolver blocks its process, for half a minute when no name server answers. Here a native thread calls it.
The caller waits for a limited time, and then gets the last known address, or `gaierror`. Callers share the look-up of a
name. A late answer is kept for the next caller.
"""

import os
import socket
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

import eventlet
from eventlet import hubs, patcher
from eventlet.event import Event

FIRST_SECONDS = 2.0
"""Limit of the first look-up of a name."""
AGAIN_SECONDS = 0.3
"""Limit of a later look-up. After it, the caller gets the last result."""
MOST_LOOK_UPS = 16
"""Limit of threads. A process looks up few names."""
MOST_KNOWN = 256
LOOPBACK = "localhost"

_native = patcher.original("_thread")
_MAIN_THREAD = _native.get_ident()

Question = tuple[str, tuple[Any, ...]]
"""The name of a function of `socket`, and its arguments."""


class LookUp:
    """A call of the system's resolver in a native thread. Its end calls `ended`, however late."""

    def __init__(self, call: Callable[[], Any], ended: Callable[["LookUp"], None]) -> None:
        self.began, self.end = monotonic(), Event()
        self.answer: Any = None
        self.error: OSError | UnicodeError | None = None
        reading, writing = os.pipe()
        try:
            _native.start_new_thread(self._run, (call, writing))
        except RuntimeError:
            self.error = OSError("no thread could be started")
            os.close(writing)
        eventlet.spawn(self._wait, reading, ended)

    def _run(self, call: Callable[[], Any], writing: int) -> None:
        try:
            self.answer = call()
        except (OSError, UnicodeError) as error:
            self.error = error
        finally:
            os.close(writing)  # The end of the pipe wakes the hub.

    def _wait(self, reading: int, ended: Callable[["LookUp"], None]) -> None:
        try:
            hubs.trampoline(reading, read=True)
        finally:
            os.close(reading)
            ended(self)
            self.end.send(None)

    def answered(self, seconds: float) -> bool:
        """Wait until the look-up is this old. Return whether it has an answer."""
        left = self.began + seconds - monotonic()
        if left > 0 and not self.end.ready():
            with eventlet.Timeout(left, exception=False):
                self.end.wait()
        return bool(self.end.ready()) and self.error is None


class Resolver:
    """The running look-ups, and the last known answer to each question."""

    def __init__(self) -> None:
        self.known: dict[Question, Any] = {}
        """The last answer to each question. None if all look-ups failed."""
        self.pending: dict[Question, LookUp] = {}
        self.states: dict[str, str] = {}
        self.tell: Callable[[str, str], None] = lambda _name, _state: None
        """Called when a name becomes `unknown`, uses its `last known` answer, or is `answered` again."""

    def ask(self, call: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function of `socket` in a thread. Raises its error, or `gaierror` after the time limit."""
        question = (call.__name__, arguments)
        known = self.known.get(question)
        if known is not None and arguments[0] == LOOPBACK:
            return known
        look_up = self.pending.get(question) or self._begin(question, partial(call, *arguments))
        seconds = AGAIN_SECONDS if question in self.known else FIRST_SECONDS
        if look_up is not None and look_up.answered(seconds):
            return look_up.answer
        self._note(question, "unknown" if known is None else "last known")
        if known is not None:
            return known
        if look_up is not None and look_up.error is not None:
            raise type(look_up.error)(*look_up.error.args)
        raise socket.gaierror(socket.EAI_AGAIN, "the name server has not answered in time")

    def _begin(self, question: Question, call: Callable[[], Any]) -> LookUp | None:
        if len(self.pending) >= MOST_LOOK_UPS:
            return None
        self.pending[question] = LookUp(call, partial(self._keep, question))
        return self.pending[question]

    def _keep(self, question: Question, look_up: LookUp) -> None:
        """Keep the answer, also a late one: the next caller needs it."""
        del self.pending[question]
        if look_up.error is not None:
            self.known.setdefault(question, None)
        else:
            self.known[question] = look_up.answer
            self._note(question, "answered")
        if len(self.known) > MOST_KNOWN:
            del self.known[next(iter(self.known))]

    def _note(self, question: Question, state: str) -> None:
        name = str(question[1][0])
        if self.states.get(name, "answered") != state:
            self.states[name] = state
            self.tell(name, state)


RESOLVER = Resolver()
"""The resolver of this process."""


def _addresses(call: Any, host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002  socket's name
    """`socket.getaddrinfo`, with a look-up only for a name, not for a numeric address."""
    try:
        return call(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
    except socket.gaierror:
        return _in_thread(call, host, port, family, type, proto, flags)


def _in_thread(call: Callable[..., Any], *arguments: Any) -> Any:
    if _native.get_ident() != _MAIN_THREAD:
        return call(*arguments)  # A native thread blocks only itself.
    return RESOLVER.ask(call, *arguments)


def install() -> None:
    """Replace the look-ups of `socket` in this process, after eventlet has patched it."""
    green: Any = eventlet.green.socket
    for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        setattr(socket, name, partial(_in_thread, getattr(socket, name)))
    setattr(socket, "getaddrinfo", partial(_addresses, socket.getaddrinfo))  # noqa: B010  mypy refuses the assignment
    green.getaddrinfo = socket.getaddrinfo  # `create_connection` calls this one.
