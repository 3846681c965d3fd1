"""The servers of tests/servers behave as the fault tests need."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import amqp
import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.servers import finding, janitor, programs
from tests.servers.processes import Unavailable, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import PostgreSQL, RabbitMQ


def greet(url: str) -> socket.socket:
    """Connect to a broker, before the first word is said."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=5)


@contextlib.contextmanager
def channel(url: str) -> Iterator[amqp.Channel]:
    """Open a channel on a connection of its own."""
    parts = urlsplit(url)
    connection = amqp.Connection(
        f"{parts.hostname}:{parts.port}", parts.username, parts.password, virtual_host=unquote(parts.path[1:])
    )
    connection.connect()
    try:
        yield connection.channel()
    finally:
        connection.collect()


def ask(url: str, statement: str) -> Any:
    """Run one statement and return the first row, if there is one."""
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, connect_timeout=3, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchone() if cursor.description else None


def leave_message(url: str) -> None:
    """Put a persistent message into a durable queue, confirmed."""
    with channel(url) as open_channel:
        open_channel.queue_declare("kept", durable=True, auto_delete=False)
        open_channel.confirm_select()
        message = amqp.Message("here", delivery_mode=2)
        open_channel.basic_publish_confirm(message, routing_key="kept")


def count_messages(url: str) -> int:
    with channel(url) as open_channel:
        return int(open_channel.queue_declare("kept", passive=True).message_count)


def test_stopped_or_killed_broker_returns_with_its_port_and_data(private_rabbitmq: RabbitMQ) -> None:
    url = private_rabbitmq.vhost()
    leave_message(url)
    private_rabbitmq.restart()  # What exists is written to disk up to two seconds late, unlike messages.
    assert count_messages(url) == 1
    leave_message(url)
    private_rabbitmq.kill()
    with pytest.raises(OSError), channel(url):  # noqa: PT011  # refused or reset, by the system's choice
        pass
    private_rabbitmq.start()
    assert count_messages(url) == 2


def test_frozen_broker_blocks_clients_until_thawed(private_rabbitmq: RabbitMQ) -> None:
    with greet(private_rabbitmq.url) as client:
        private_rabbitmq.freeze()
        client.settimeout(1)
        client.sendall(b"AMQP\0\0\x09\x01")
        with pytest.raises(TimeoutError):
            client.recv(1)
        private_rabbitmq.thaw()
        client.settimeout(10)
        assert client.recv(1) == b"\x01"


def test_killed_database_server_keeps_committed_data(private_postgresql: PostgreSQL) -> None:
    url = private_postgresql.create_database("kept")
    ask(url, "CREATE TABLE kept AS SELECT 7 AS value")
    private_postgresql.kill()
    with pytest.raises(psycopg.OperationalError):
        ask(url, "SELECT 1")
    private_postgresql.start()
    assert ask(url, "SELECT value FROM kept") == (7,)


def test_frozen_database_server_blocks_clients_until_thawed(private_postgresql: PostgreSQL) -> None:
    private_postgresql.freeze()
    with pytest.raises(psycopg.errors.ConnectionTimeout):
        ask(private_postgresql.url, "SELECT 1")
    private_postgresql.thaw()
    assert ask(private_postgresql.url, "SELECT 1") == (1,)


def test_fresh_databases_are_separate(postgresql: PostgreSQL, database_url: str) -> None:
    other = postgresql.create_database()
    ask(database_url, "CREATE TABLE mine ()")
    assert ask(other, "SELECT to_regclass('mine')") == (None,)
    postgresql.drop(other)


def test_fresh_database_supports_exclusion_constraints(database_url: str) -> None:
    ask(database_url, "CREATE EXTENSION btree_gist")
    ask(
        database_url,
        "CREATE TABLE visit (doctor uuid, during tstzrange, EXCLUDE USING gist (doctor WITH =, during WITH &&))",
    )
    exclusions = "SELECT count(*) FROM pg_constraint WHERE contype = 'x' AND conrelid = 'visit'::regclass"
    assert ask(database_url, exclusions) == (1,)


def test_fresh_virtual_hosts_are_separate(rabbitmq: RabbitMQ, amqp_url: str) -> None:
    leave_message(amqp_url)
    other = rabbitmq.vhost()
    if other == amqp_url:
        pytest.skip("the broker that was given has no management API")
    with pytest.raises(amqp.NotFound):
        count_messages(other)
    rabbitmq.drop(other)


KILLED_RUN = (
    "from tests.servers import postgresql; s = postgresql.installed(durable=False); s.start(); "
    "print(s._host._program.pid, flush=True); import time; time.sleep(60)"
)


@pytest.mark.servers
def test_killed_test_run_leaves_no_server_behind() -> None:
    try:
        programs.find("postgres")
    except Unavailable:
        pytest.skip("PostgreSQL is not installed on this machine itself")
    with subprocess.Popen([sys.executable, "-c", KILLED_RUN], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        line = run.stdout.readline()
        os.kill(run.pid, signal.SIGKILL)
    wait_until(lambda: not janitor.birth(int(line)), seconds=10, what="the end of its server")


def test_server_can_be_given_by_its_address(
    rabbitmq: RabbitMQ, postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_AMQP_URL", rabbitmq.url)
    monkeypatch.setenv("TEST_DATABASE_URL", postgresql.url)
    assert finding.find_rabbitmq().url == rabbitmq.url
    given = finding.find_postgresql()
    assert given.url == postgresql.url
    given.drop(given.create_database())


def test_reason_of_each_failed_way_is_kept() -> None:
    def broken() -> RabbitMQ:
        raise Unavailable("out of order")

    search = finding.Search("RabbitMQ", [("first", broken), ("second", broken)])
    with pytest.raises(Unavailable, match=r"first: out of order; second: out of order"):
        search.finish()


INSTALLING_RUN = """
import os, pathlib, sys
from tests.servers import programs
os.geteuid = lambda: 0
programs.POLICY = pathlib.Path(sys.argv[1]) / "policy-rc.d"
programs.install("some-package", "some-program")
print(programs.find("some-program"))
"""
# It takes a moment, in which the other run asks as well.
APT = """#!/bin/sh
echo "$*" >> {folder}/calls
case "$*" in *install*) test -f {folder}/policy-rc.d && sleep 1 && cp "$0" {folder}/some-program ;; esac
"""


def test_package_is_installed_once_when_several_runs_want_it(tmp_path: Path) -> None:
    (tmp_path / "apt-get").write_text(APT.format(folder=tmp_path))
    (tmp_path / "apt-get").chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", INSTALLING_RUN, str(tmp_path)]
    runs = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [run.communicate(timeout=60)[0].strip() for run in runs] == [str(tmp_path / "some-program")] * 3
    assert (tmp_path / "calls").read_text().count("qq install") == 1
    assert not (tmp_path / "policy-rc.d").exists()
