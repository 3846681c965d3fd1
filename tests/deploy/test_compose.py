"""The container files agree with the code and grant only necessary rights. Needs no Docker."""

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
    """An address with its variables removed."""
    return FROM_OUTSIDE.sub("PASSWORD", value)


def databases_of(name: str) -> dict[str, str]:
    """The database addresses of a container."""
    environment = containers()[name]["environment"]
    return {key: url_of(value) for key, value in environment.items() if key.endswith("_DATABASE_URL")}


def mounted(name: str) -> dict[str, str]:
    """The volumes of a container, with the rest of each line: the folder, and `:ro`."""
    return dict(line.split(":", 1) for line in containers()[name].get("volumes", ()))


def lock_of_a_service() -> dict[str, str]:
    """The distributions that the image installs."""
    return runtime_lock.needed(text("requirements.lock"), tomllib.loads(text("pyproject.toml"))["project"])


def test_each_process_has_a_container() -> None:
    assert set(containers()) == {*PROCESSES, *ONCE, *SERVERS}


@pytest.mark.parametrize("name", PROCESSES)
def test_container_serves_the_process_of_its_name(name: str) -> None:
    assert containers()[name]["command"] == ["matron", "serve", name]


@pytest.mark.parametrize("name", [*PROCESSES, *SERVERS])
def test_running_container_has_a_health_check_and_restarts(name: str) -> None:
    container = containers()[name]
    assert container["restart"] == "always"
    assert container["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", [*PROCESSES, *SERVERS])
def test_running_container_has_a_memory_limit_and_time_to_stop(name: str) -> None:
    container = containers()[name]
    assert re.fullmatch(r"\d+[mg]", container["mem_limit"])
    assert int(container["stop_grace_period"].rstrip("s")) > STOP_SECONDS


@pytest.mark.parametrize("name", ONCE)
def test_one_time_container_is_repeated_only_after_a_failure(name: str) -> None:
    assert containers()[name]["restart"].startswith("on-failure")


def test_images_have_the_agreed_names() -> None:
    named = {name: container["image"] for name, container in containers().items() if "image" in container}
    assert named == SERVERS
    bases = re.findall(r"^FROM (\S+)", text("deploy/Dockerfile"), re.MULTILINE)
    assert set(bases) == {PYTHON}


def test_postgresql_has_shared_memory_for_parallel_queries() -> None:
    assert containers()["postgres"]["shm_size"] == "256m"


def test_file_names_no_compose_version() -> None:
    # Compose 2 warns about a version; Compose 1 needs none since 1.27.
    assert "version" not in yaml.safe_load(text("docker-compose.yml"))


@pytest.mark.parametrize("name", containers())
def test_containers_can_be_scaled(name: str) -> None:
    container = containers()[name]
    assert "container_name" not in container
    assert ("ports" in container) == (name == "gateway")


def test_gateway_listens_on_loopback_by_default() -> None:
    (port,) = containers()["gateway"]["ports"]
    assert port == "${GATEWAY_ADDRESS:-127.0.0.1}:${GATEWAY_PORT:-8000}:8000"


@pytest.mark.parametrize("name", containers())
def test_containers_start_without_capabilities(name: str) -> None:
    container = containers()[name]
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["init"] is True
    assert ("cap_add" in container) == (name in SERVERS)


@pytest.mark.parametrize("name", [*PROCESSES, *ONCE])
def test_our_containers_are_read_only(name: str) -> None:
    assert containers()[name]["read_only"] is True


def test_our_image_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (\S+)$", text("deploy/Dockerfile"), re.MULTILINE)
    assert users == ["10001:10001"]


@pytest.mark.parametrize("name", PROCESSES)
def test_process_uses_its_own_broker_account(name: str) -> None:
    assert url_of(containers()[name]["environment"]["AMQP_URL"]) == f"amqp://{name}:PASSWORD@rabbitmq:5672/matron"


@pytest.mark.parametrize("name", SERVICES)
def test_service_reaches_only_its_own_database(name: str) -> None:
    own = f"postgresql://{name}:PASSWORD@postgres:5432/{name}"
    assert databases_of(name) == {f"{name.upper()}_DATABASE_URL": own}


def test_gateway_reaches_no_database() -> None:
    assert databases_of("gateway") == {}
    assert "database" not in containers()["gateway"]["networks"]


def test_migrations_reach_every_database() -> None:
    assert len(databases_of("migrate")) == len(SERVICES)


def test_only_auth_has_the_signing_keys() -> None:
    holders = {name for name in containers() if "private-keys" in mounted(name)}
    assert holders == {"keys", "auth"}
    assert mounted("auth")["private-keys"].endswith(":ro")


@pytest.mark.parametrize("name", PROCESSES)
def test_every_process_has_the_public_keys(name: str) -> None:
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


def test_example_file_explains_every_setting() -> None:
    file = text("docker-compose.yml")
    wanted = set(FROM_OUTSIDE.findall(file)) | set(re.findall(r"^ +([A-Z_]+):$", file, re.MULTILINE))
    explained = set(re.findall(r"^(?:# )?([A-Z_]+)=", text(".env.example"), re.MULTILINE))
    assert wanted == explained


def read_by(*paths: str) -> set[str]:
    """The variables that modules read from the environment."""
    return {name for path in paths for name in re.findall(r'"([A-Z]+_[A-Z_]+|CURRENCY|WORKERS)"', text(path))}


def asked_for(service: str) -> set[str]:
    """The settings that a service's code asks for, as the environment has them."""
    files = [path.read_text() for path in (ROOT / "services" / service).rglob("*.py")]
    used = {name for file in files if "config.current()" in file for name in re.findall(r"\.([a-z_]+)\b", file)}
    return {field.name.upper() for field in fields(Config) if field.name in used}


@pytest.mark.parametrize("name", SERVICES)
def test_service_gets_each_setting_that_it_reads(name: str) -> None:
    assert asked_for(name) - containers()[name]["environment"].keys() == set()


def test_gateway_gets_each_of_its_settings() -> None:
    assert read_by("gateway/settings.py") - containers()["gateway"]["environment"].keys() == set()


def test_each_setting_reaches_a_container() -> None:
    given = {key for container in containers().values() for key in container.get("environment", {})}
    assert read_by("matron/environment.py", "matron/service_settings.py") - given == {"HTTP_PORT"}, (
        "the port within a container is always the same"
    )


def test_readme_explains_exactly_the_settings() -> None:
    _before, _heading, settings = text("README.md").partition("\n## Settings\n")
    rows = [row.split("|")[1] for row in settings.partition("\n## ")[0].splitlines() if row.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row) if not name.endswith("_DATABASE_URL")}
    read = read_by("matron/environment.py", "matron/service_settings.py", "gateway/settings.py")
    assert {name.removesuffix("_FILE") for name in named - {"JWKS_FILE"}} == read - {"JWKS_FILE"}


def test_postgresql_creates_a_database_for_every_service() -> None:
    made = re.findall(r'^ +make (\w+) "\$\{(\w+):-\}"$', text("deploy/postgres/init.sh"), re.MULTILINE)
    assert made == [(name, f"{name.upper()}_DATABASE_PASSWORD") for name in SERVICES]
    assert {password for _name, password in made} <= containers()["postgres"]["environment"].keys()


def test_image_contains_every_package() -> None:
    found = tomllib.loads(text("pyproject.toml"))["tool"]["setuptools"]["packages"]["find"]["include"]
    copied = re.findall(r"^COPY (\w+) \./\1$", text("deploy/Dockerfile"), re.MULTILINE)
    assert {pattern.rstrip("*") for pattern in found} == set(copied)


def test_image_contains_runtime_dependencies_and_no_developer_tools() -> None:
    locked = lock_of_a_service()
    assert {"nameko", "psycopg-binary", "cryptography", "vine", "redis"} <= locked.keys()
    assert not {"pytest", "mypy", "ruff", "pip", "setuptools", "testcontainers"} & locked.keys()
    assert all("--hash=sha256:" in entry for entry in locked.values())


def test_queue_of_unrouted_messages_is_where_its_policy_sends_them() -> None:
    definitions = json.loads(text("deploy/rabbitmq/definitions.json"))
    (sent_to,) = {found for p in definitions["policies"] if (found := p["definition"].get("alternate-exchange"))}
    (binding,) = definitions["bindings"]
    assert binding["source"] == sent_to
    assert binding["destination"] in {queue["name"] for queue in definitions["queues"]}
