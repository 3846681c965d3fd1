"""A timer that an event can wake, so that what it asks for is done at once and not at the next beat."""

import eventlet
from eventlet.event import Event
from nameko.timer import Timer


class WakingTimer(Timer):
    """Fires at once, then so many seconds after each worker has ended, or sooner when it is woken."""

    def __init__(self, interval: float) -> None:
        super().__init__(interval, eager=True)
        self.woken = Event()

    def wake(self) -> None:
        """Fire as soon as no worker is at it; several wakes meanwhile count as one."""
        if not self.woken.ready():
            self.woken.send(None)

    def stop(self) -> None:
        """Let the worker end, and fire no more."""
        self.wake()
        super().stop()

    def _run(self) -> None:
        while not self.should_stop.ready():
            self.handle_timer_tick()
            self.worker_complete.wait()
            self.worker_complete.reset()
            with eventlet.Timeout(self.interval, exception=False):
                self.woken.wait()
            self.woken = Event()
