"""The transports: the embedded broker behaves like RabbitMQ, and the wire survives what a network does."""
