"""Tests of messages between processes, on RabbitMQ, and on the embedded broker where possible."""
