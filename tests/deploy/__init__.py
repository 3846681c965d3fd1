"""Tests of the files in deploy/: the accounts of RabbitMQ, and the containers."""
