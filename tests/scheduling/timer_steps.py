"""The timers of scheduling, without the service around them."""

from chassis.identity import SYSTEM
from chassis.persistence.database import Session
from services.scheduling.appointments import timers

TIMERS = (timers.expire_requests, timers.expire_displaced, timers.miss_visits, timers.displace_visits)


def run_timers(session: Session) -> None:
    """Run each timer once."""
    for timer in TIMERS:
        timer(session, SYSTEM)
    session.flush()
