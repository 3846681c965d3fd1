"""Message transports for kombu with green threads: AMQP over a socket, and a broker inside the process.

The package does not depend on the chassis or the hospital. Any kombu program can use it.
"""
