"""A broker on which each account has only the rights that deploy gives it."""

import json
from urllib.parse import quote, urlsplit

from deploy.rabbitmq import accounts, setup
from matron.installation import connected
from tests.servers.rabbitmq import RabbitMQ

DELAYS = (0.05, 0.06)
PASSWORD = "of-a-test"


class Narrow:
    """A virtual host of a broker with all accounts. In `url`, `{service}` stands for the account."""

    def __init__(self, broker: RabbitMQ) -> None:
        self.admin_url = broker.vhost()
        parts = urlsplit(self.admin_url)
        self.vhost = parts.path[1:]
        broker.manage("POST", f"definitions/{self.vhost}", json.loads(setup.POLICIES.read_text()))
        self.declare_everything()
        everyone = dict.fromkeys((*accounts.PROCESSES, accounts.PARTNER), PASSWORD)
        broker.manage("POST", "definitions", accounts.definitions(self.vhost, everyone))
        self.url = f"amqp://{{service}}:{quote(PASSWORD)}@{parts.hostname}:{parts.port}/{self.vhost}"

    def declare_everything(self) -> None:
        """Declare the objects of `broker-setup`."""
        with connected(self.admin_url) as open_channel:
            setup.declare_everything(open_channel(), DELAYS)

    def delete(self, queue: str) -> None:
        """Delete a queue, as an administrator."""
        with connected(self.admin_url) as open_channel:
            open_channel().queue_delete(queue)
