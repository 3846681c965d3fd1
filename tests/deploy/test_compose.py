"""The files that start Matron in containers agree with the code, and give nobody more than needed. Needs no Docker."""

import json
import re
import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.config import SERVICES, Config
from deploy import runtime_lock
from matron.runner import STOP_SECONDS

ROOT = Path(__file__).parents[2]
PROCESSES = (*SERVICES, "gateway")
ONCE = ("keys", "broker-setup", "migrate")
SERVERS = {"rabbitmq": "rabbitmq:4-management", "postgres": "postgres:17-alpine"}
PYTHON = "python:3.11-slim-bookworm"
FROM_OUTSIDE = re.compile(r"\$\{(\w+):?-[^}]*\}")


@cache
def text(path: str) -> str:
    """A file of the repository."""
    return (ROOT / path).read_text()


@cache
def containers() -> dict[str, dict[str, Any]]:
    """The containers of docker-compose.yml, by name."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(text("docker-compose.yml"))["services"]
    return found


def url_of(value: str) -> str:
    """An address without what is filled in."""
    return FROM_OUTSIDE.sub("PASSWORD", value)


def databases_of(name: str) -> dict[str, str]:
    """The addresses of databases that a container is given."""
    environment = containers()[name]["environment"]
    return {key: url_of(value) for key, value in environment.items() if key.endswith("_DATABASE_URL")}


def mounted(name: str) -> dict[str, str]:
    """A container's volumes, with the rest of each line: the folder, and `:ro`."""
    return dict(line.split(":", 1) for line in containers()[name].get("volumes", ()))


def lock_of_a_service() -> dict[str, str]:
    """What the image installs."""
    return runtime_lock.needed(text("requirements.lock"), tomllib.loads(text("pyproject.toml"))["project"])


def test_there_is_a_container_for_every_process_and_no_other() -> None:
    assert set(containers()) == {*PROCESSES, *ONCE, *SERVERS}


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_serves_what_it_is_named_after(name: str) -> None:
    assert containers()[name]["command"] == ["matron", "serve", name]


@pytest.mark.parametrize("name", [*PROCESSES, *SERVERS])
def test_what_runs_is_watched_and_started_again(name: str) -> None:
    container = containers()[name]
    assert container["restart"] == "always"
    assert container["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", [*PROCESSES, *SERVERS])
def test_what_runs_has_a_bound_on_its_memory_and_time_to_end(name: str) -> None:
    container = containers()[name]
    assert re.fullmatch(r"\d+[mg]", container["mem_limit"])
    assert int(container["stop_grace_period"].rstrip("s")) > STOP_SECONDS


@pytest.mark.parametrize("name", ONCE)
def test_what_runs_once_is_repeated_only_when_it_failed(name: str) -> None:
    assert containers()[name]["restart"].startswith("on-failure")


def test_every_image_has_the_name_that_was_agreed() -> None:
    named = {name: container["image"] for name, container in containers().items() if "image" in container}
    assert named == SERVERS
    bases = re.findall(r"^FROM (\S+)", text("deploy/Dockerfile"), re.MULTILINE)
    assert set(bases) == {PYTHON}


def test_postgresql_has_shared_memory_for_parallel_queries() -> None:
    assert containers()["postgres"]["shm_size"] == "256m"


def test_both_generations_of_compose_take_the_file() -> None:
    # The second warns about a version; the first does without, since 1.27.
    assert "version" not in yaml.safe_load(text("docker-compose.yml"))


@pytest.mark.parametrize("name", containers())
def test_no_container_stands_in_the_way_of_another_of_its_kind(name: str) -> None:
    container = containers()[name]
    assert "container_name" not in container
    assert ("ports" in container) == (name == "gateway")


def test_the_gateway_listens_on_this_machine_alone_unless_told_otherwise() -> None:
    (port,) = containers()["gateway"]["ports"]
    assert port == "${GATEWAY_ADDRESS:-127.0.0.1}:${GATEWAY_PORT:-8000}:8000"


@pytest.mark.parametrize("name", containers())
def test_every_container_begins_without_capabilities(name: str) -> None:
    container = containers()[name]
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["init"] is True
    assert ("cap_add" in container) == (name in SERVERS)


@pytest.mark.parametrize("name", [*PROCESSES, *ONCE])
def test_our_image_is_never_written_to(name: str) -> None:
    assert containers()[name]["read_only"] is True


def test_our_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)$", text("deploy/Dockerfile"), re.MULTILINE)
    assert users == ["10001:10001"]


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_reaches_the_broker_with_its_own_account(name: str) -> None:
    assert url_of(containers()[name]["environment"]["AMQP_URL"]) == f"amqp://{name}:PASSWORD@rabbitmq:5672/matron"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reaches_its_own_database_only(name: str) -> None:
    own = f"postgresql://{name}:PASSWORD@postgres:5432/{name}"
    assert databases_of(name) == {f"{name.upper()}_DATABASE_URL": own}


def test_the_gateway_reaches_no_database() -> None:
    assert databases_of("gateway") == {}
    assert "database" not in containers()["gateway"]["networks"]


def test_migrations_reach_every_database() -> None:
    assert len(databases_of("migrate")) == len(SERVICES)


def test_only_auth_has_the_keys_that_sign() -> None:
    holders = {name for name in containers() if "private-keys" in mounted(name)}
    assert holders == {"keys", "auth"}
    assert mounted("auth")["private-keys"].endswith(":ro")


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_has_the_keys_that_verify(name: str) -> None:
    assert mounted(name)["public-keys"] == "/data/public-keys:ro"


def test_no_password_is_fixed() -> None:
    given = {
        key: value
        for container in containers().values()
        for key, value in container.get("environment", {}).items()
        if re.search(r"PASS(WORD)?$", key)
    }
    assert given
    assert all(FROM_OUTSIDE.fullmatch(value) for value in given.values())
    assert "password" not in text("deploy/rabbitmq/definitions.json")


def test_every_setting_is_explained() -> None:
    file = text("docker-compose.yml")
    wanted = set(FROM_OUTSIDE.findall(file)) | set(re.findall(r"^ +([A-Z_]+):$", file, re.MULTILINE))
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", text(".env.example"), re.MULTILINE))
    assert wanted == explained


def read_by(path: str) -> set[str]:
    """The variables that a module reads from the environment."""
    return set(re.findall(r'(?:env\.\w+|_limit)\(\s*"([A-Z_]+)"', text(path)))


def asked_for(service: str) -> set[str]:
    """The settings that a service's code asks for, as the environment has them."""
    files = [path.read_text() for path in (ROOT / "services" / service).rglob("*.py")]
    used = {name for file in files if "config.current()" in file for name in re.findall(r"\.([a-z_]+)\b", file)}
    return {field.name.upper() for field in fields(Config) if field.name in used}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_given_each_setting_that_it_asks_for(name: str) -> None:
    assert asked_for(name) - containers()[name]["environment"].keys() == set()


def test_the_gateway_is_given_each_setting_of_its_own() -> None:
    assert read_by("gateway/settings.py") - containers()["gateway"]["environment"].keys() == set()


def test_each_setting_reaches_a_container() -> None:
    given = {key for container in containers().values() for key in container.get("environment", {})}
    assert read_by("matron/environment.py") - given == {"HTTP_PORT"}, "the port within a container is always the same"


def test_the_readme_explains_each_setting_and_no_other() -> None:
    _before, _heading, settings = text("README.md").partition("\n## Settings\n")
    rows = [row.split("|")[1] for row in settings.partition("\n## ")[0].splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row) if not name.endswith("_DATABASE_URL")}
    assert named == read_by("matron/environment.py") | read_by("gateway/settings.py")


def test_postgresql_prepares_a_database_for_every_service() -> None:
    made = re.findall(r'^ +make (\w+) "\$\{(\w+):-\}"$', text("deploy/postgres/init.sh"), re.MULTILINE)
    assert made == [(name, f"{name.upper()}_DATABASE_PASSWORD") for name in SERVICES]
    assert {password for _name, password in made} <= containers()["postgres"]["environment"].keys()


def test_the_image_holds_every_package() -> None:
    found = tomllib.loads(text("pyproject.toml"))["tool"]["setuptools"]["packages"]["find"]["include"]
    copied = re.findall(r"^COPY (\w+) \./\1$", text("deploy/Dockerfile"), re.MULTILINE)
    assert {pattern.rstrip("*") for pattern in found} == set(copied)


def test_the_image_holds_what_a_service_needs_and_no_tools_of_developers() -> None:
    locked = lock_of_a_service()
    assert {"nameko", "psycopg-binary", "cryptography", "vine", "redis"} <= locked.keys()
    assert not {"pytest", "mypy", "ruff", "pip", "setuptools", "testcontainers"} & locked.keys()
    assert all("--hash=sha256:" in entry for entry in locked.values())


def test_the_queue_for_what_no_queue_took_is_where_its_policy_sends_it() -> None:
    definitions = json.loads(text("deploy/rabbitmq/definitions.json"))
    (sent_to,) = {found for p in definitions["policies"] if (found := p["definition"].get("alternate-exchange"))}
    (binding,) = definitions["bindings"]
    assert binding["source"] == sent_to
    assert binding["destination"] in {queue["name"] for queue in definitions["queues"]}
