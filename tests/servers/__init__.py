"""Real RabbitMQ and PostgreSQL servers for tests and benchmarks, found or started, and ended with the process.

Each server is looked for in this order: the address in ``TEST_AMQP_URL`` or ``TEST_DATABASE_URL``; a Docker engine;
programs installed on this machine; Debian's packages, installed first when we are root. A *private* server is never
the one of an address, because its user is about to kill it.

    with private_rabbitmq() as broker:
        url = broker.vhost()
        broker.kill()
        broker.start()
"""

from tests.servers.finding import (
    find_postgresql,
    find_rabbitmq,
    private_postgresql,
    private_rabbitmq,
)
from tests.servers.postgresql import PostgreSQL
from tests.servers.processes import Unavailable
from tests.servers.rabbitmq import RabbitMQ

__all__ = [
    "PostgreSQL",
    "RabbitMQ",
    "Unavailable",
    "find_postgresql",
    "find_rabbitmq",
    "private_postgresql",
    "private_rabbitmq",
]
