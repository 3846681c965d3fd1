"""The resources of a service: database, relay and keys, shared by its workers, and the call of each worker."""

from typing import TYPE_CHECKING, Any

from nameko.extensions import DependencyProvider, SharedExtension

from chassis.call import Call
from chassis.execution.waits import Waits
from chassis.identity import Verifier
from chassis.messaging.consumer import Broker
from chassis.messaging.outbox import Relay
from chassis.persistence.database import Database
from tokens.keys import KeySet

if TYPE_CHECKING:
    from chassis.config import Config
    from telemetry.health import Health


class Resources(SharedExtension):
    """The database, the relay and the keys of one service, shared by all its workers."""

    broker = Broker()

    def setup(self) -> None:
        """Open the database; connections are made when they are needed."""
        if hasattr(self, "database"):
            return
        config: Config = self.container.config["matron"]
        name = self.container.service_name
        self.broker.setup()
        self.database = Database(config.database_url(name), pool_size=config.workers + 8)
        self.relay = Relay(name, self.database, self.broker.publisher)
        self.waits = Waits(config.workers - config.workers // 2)
        self.broker.events_wait = self.relay.wake
        self.verifier = Verifier(KeySet(config.jwks_file), self.container.config["revoked"])
        health: Health = self.container.config["health"]
        self.look_no_more = health.add_slow(f"{name}.database", self.database.answers)

    def start(self) -> None:
        """Send what an earlier process left in the outbox."""
        if self.relay.thread is None:
            self.relay.start()

    def stop(self) -> None:
        """End the relay, then the connections."""
        self.look_no_more()
        self.relay.stop()
        self.database.close()

    def kill(self) -> None:
        """End at once."""
        self.relay.thread.kill()


class Resource(DependencyProvider):
    """Gives a worker one of the resources, by the name of the attribute."""

    resources = Resources()

    def get_dependency(self, _worker_ctx: Any) -> Any:
        """The resource."""
        return getattr(self.resources, self.attr_name)


class CurrentCall(DependencyProvider):
    """Gives a worker the call of its request or event."""

    def get_dependency(self, worker_ctx: Any) -> Call:
        """The call, from the headers of the message."""
        data = worker_ctx.data
        return Call(
            token=data.get("auth_token") or "",
            request_id=data.get("request_id") or worker_ctx.call_id,
            key=data.get("idempotency_key") or data.get("request_id") or worker_ctx.call_id,
            address=data.get("address") or "",
            device=data.get("device") or "",
            if_match=data.get("if_match") or "",
            expires_at=float(data.get("deadline") or 0) or None,
            origin=data.get("origin"),
        )
