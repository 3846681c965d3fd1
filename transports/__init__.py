"""How messages move: kombu transports for green threads, AMQP over a socket and a broker inside the process.

Apart from the chassis, because they know nothing of it or of the hospital: any kombu program could use them.
"""
