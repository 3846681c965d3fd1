"""The broker as the hospital sees it: how its absence is refused.

A service has three links: one consumes, one sends replies (never confirmed, so that a request cannot wait for the
broker), one sends events with confirms. They are apart because RabbitMQ stops reading from a connection that publishes
while it is short of memory, and acknowledgements must get through then.
"""

from chassis.errors import Unavailable
from chassis.refusals import BROKER_DOWN


def down() -> Unavailable:
    """The refusal while there is no connection."""
    return BROKER_DOWN(retry_after=2)
