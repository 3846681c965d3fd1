"""What the files in deploy/ set up: the accounts of RabbitMQ, and the containers."""
