"""The dependencies of routes and pages."""

from typing import Protocol

from chassis.identity import Verifier
from gateway.files.service import Files
from gateway.rpc import RpcClient
from gateway.server.limits import Limits
from gateway.server.lines import Lines
from telemetry.health import Health


class Gateway(Protocol):
    """A worker of the gateway service. Nameko gives it these dependencies for each request."""

    rpc: RpcClient
    verifier: Verifier
    limits: Limits
    lines: Lines
    files: Files
    health: Health
