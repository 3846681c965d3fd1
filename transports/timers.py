"""A timer that an event can wake before its next tick."""

import eventlet
from eventlet.event import Event
from nameko.timer import Timer


class WakingTimer(Timer):
    """Fires at once, then `interval` seconds after each worker has ended, or earlier if woken."""

    def __init__(self, interval: float) -> None:
        super().__init__(interval, eager=True)
        self.woken = Event()

    def wake(self) -> None:
        """Fire after the present worker has ended. Several wakes before that count as one."""
        if not self.woken.ready():
            self.woken.send(None)

    def stop(self) -> None:
        """Let the worker end, and stop firing."""
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
