"""Tests of the transports: the embedded broker behaves like RabbitMQ, and the wire survives network faults."""
