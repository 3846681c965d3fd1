"""What crosses the broker, on a real RabbitMQ, and on the embedded one where that makes sense."""
