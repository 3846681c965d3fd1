"""RabbitMQ for tests: a broker with the management plugin, and a fresh virtual host for each test."""

from __future__ import annotations

import functools
import os
import secrets
import signal
import subprocess
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import amqp
import requests

from tests.servers import programs
from tests.servers.containers import Container
from tests.servers.hosts import Elsewhere, Local
from tests.servers.processes import Folder, Program, Unavailable, free_ports
from tests.servers.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.servers.hosts import Host

IMAGE = "rabbitmq:4-management"
PACKAGE = "rabbitmq-server"
USER = "matron"
AMQP_PORT = 5672
API_PORT = 15672

CONFIGURATION = """\
listeners.tcp.local = 127.0.0.1:{port}
management.tcp.ip = 127.0.0.1
management.tcp.port = {api_port}
default_user = {user}
default_pass = {password}
loopback_users = none
log.console = true
log.console.level = warning
log.file = false
disk_free_limit.absolute = 10MB
"""


class RabbitMQ(Server):
    """A broker. ``url`` is its default virtual host; ``vhost`` makes fresh ones where there is a management API."""

    name = "RabbitMQ"

    def __init__(
        self,
        host: Host,
        *,
        user: str,
        password: str,
        port: int,
        api_port: int | None,
        path: str = "/",
        evaluate: Callable[[str], str] | None = None,
    ) -> None:
        super().__init__(host)
        self._evaluate = evaluate
        self._user, self._password = user, password
        self._port, self._api_port = port, api_port
        self._path = path

    @property
    def url(self) -> str:
        """The address of the virtual host that was there from the start."""
        return self._url(self._path)

    def vhost(self) -> str:
        """Make a fresh virtual host and return its address; the given one's again where none can be made."""
        if self._api_port is None:
            return self.url
        name = f"test-{secrets.token_hex(6)}"
        self.manage("PUT", f"vhosts/{name}")
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        self.manage("PUT", f"permissions/{name}/{quote(self._user, safe='')}", everything)
        return self._url(name)

    def drop(self, url: str) -> None:
        """Remove a virtual host that ``vhost`` made, with all that is in it."""
        if url != self.url and self._api_port is not None:
            self.manage("DELETE", f"vhosts/{urlsplit(url).path[1:]}")

    def manage(self, method: str, path: str, body: object = None) -> Any:
        """Ask the management API, for example ``manage("GET", "queues/test-1")``, and return its JSON, if any."""
        address = f"http://{self._host.address()}:{self._api_port}/api/{path}"
        reply = requests.request(method, address, json=body, auth=(self._user, self._password), timeout=10)
        reply.raise_for_status()
        return reply.json() if reply.content else None

    def evaluate(self, erlang: str) -> str:
        """Have the broker evaluate an expression. Unavailable unless it is made of the programs on this machine."""
        if self._evaluate is None:
            raise Unavailable("only a broker of this machine's own programs evaluates Erlang")
        return self._evaluate(erlang)

    def _url(self, path: str) -> str:
        login = f"{quote(self._user, safe='')}:{quote(self._password, safe='')}"
        return f"pyamqp://{login}@{self._host.address()}:{self._port}/{quote(path, safe='')}"

    def _ask(self) -> None:
        address = f"{self._host.address()}:{self._port}"
        with amqp.Connection(
            address, self._user, self._password, virtual_host=self._path,
            connect_timeout=2, read_timeout=5, write_timeout=5,
        ):  # fmt: skip
            pass
        if self._api_port is not None:
            self.manage("GET", "overview")


def given(url: str) -> RabbitMQ:
    """Return the broker at this address. Its management API is used if it listens ten thousand ports higher."""
    parts = urlsplit(url)
    port = parts.port or AMQP_PORT
    make = functools.partial(
        RabbitMQ,
        Elsewhere(parts.hostname or "127.0.0.1"),
        user=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        port=port,
        path=unquote(parts.path[1:]) or "/",
    )
    managed = make(api_port=port + API_PORT - AMQP_PORT)
    try:
        managed.manage("GET", "vhosts")
    except (requests.RequestException, ValueError):
        return make(api_port=None)
    return managed


def contained() -> RabbitMQ:
    """Return a broker in a container."""
    port, api_port = free_ports(2)
    password = secrets.token_hex(8)
    container = Container(
        IMAGE,
        ports={AMQP_PORT: port, API_PORT: api_port},
        env={"RABBITMQ_DEFAULT_USER": USER, "RABBITMQ_DEFAULT_PASS": password},
    )
    return RabbitMQ(container, user=USER, password=password, port=port, api_port=api_port)


def installed() -> RabbitMQ:
    """Return a broker made of the programs on this machine."""
    server, epmd = programs.find("rabbitmq-server"), programs.find("epmd")
    port, api_port, names_port, peer_port = free_ports(4)
    password = secrets.token_hex(8)
    folder = Folder("rabbitmq")
    _configure(folder, port=port, api_port=api_port, password=password)
    env = _environment(folder, names_port=names_port, peer_port=peer_port)

    def begin() -> Program:
        return Program([server], log=folder.path / "rabbitmq.log", env=env)

    def begin_epmd() -> Program:
        return Program([epmd, "-port", str(names_port)], log=folder.path / "epmd.log", env=env)

    def evaluate(erlang: str) -> str:
        command = [programs.find("rabbitmqctl"), "-n", env["RABBITMQ_NODENAME"], "eval", erlang]
        return subprocess.run(command, env=env, check=True, capture_output=True, text=True, timeout=60).stdout

    local = Local(folder, begin, companion=begin_epmd, quitting=signal.SIGTERM)
    return RabbitMQ(local, user=USER, password=password, port=port, api_port=api_port, evaluate=evaluate)


def packaged() -> RabbitMQ:
    """Return a broker made of Debian's package, installed now."""
    programs.install(PACKAGE, "rabbitmq-server")
    return installed()


def _configure(folder: Folder, *, port: int, api_port: int, password: str) -> None:
    text = CONFIGURATION.format(port=port, api_port=api_port, user=USER, password=password)
    folder.write("rabbitmq.conf", text)
    folder.write("enabled_plugins", "[rabbitmq_management].\n")
    folder.write("rabbitmq-env.conf", "")


def _environment(folder: Folder, *, names_port: int, peer_port: int) -> dict[str, str]:
    """Return the variables that keep this broker apart from any other on the machine."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(folder.path),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(names_port),
        "ERL_CRASH_DUMP_SECONDS": "0",
        "RABBITMQ_NODENAME": f"matron-{names_port}@localhost",
        "RABBITMQ_DIST_PORT": str(peer_port),
        "RABBITMQ_CONF_ENV_FILE": str(folder.path / "rabbitmq-env.conf"),
        "RABBITMQ_CONFIG_FILE": str(folder.path / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder.path / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder.path / "data"),
        "RABBITMQ_LOG_BASE": str(folder.path / "log"),
        "RABBITMQ_PID_FILE": str(folder.path / "pid"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
        # Makes the script replace itself with Erlang, so that the process we start is the broker.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
