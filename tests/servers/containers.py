"""Servers in containers of a Docker engine, where one answers quickly and has or gets the image."""

from __future__ import annotations

import functools
import os
import time
from typing import TYPE_CHECKING, Any

from tests.servers import locks
from tests.servers.processes import Unavailable, the_janitor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ENGINE_SECONDS = 2
SILENCE_SECONDS = 15
PULL_SECONDS = 300

# Testcontainers' own janitor is one more image to fetch; ours in janitor.py removes the containers instead.
os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")


@functools.cache
def engine_failure() -> str:
    """Return why no Docker engine can be used, or nothing when one answers. Asked once in a run."""
    import docker

    try:
        docker.from_env(timeout=ENGINE_SECONDS).ping()
    except Exception as error:  # noqa: BLE001  # the client raises whatever its transport does
        return f"no Docker engine answers ({type(error).__name__})"
    return ""


@functools.cache
def image_failure(image: str) -> str:
    """Return why an image cannot be had, or nothing when it is here now. Asked once in a run."""
    import docker

    client = docker.from_env(timeout=SILENCE_SECONDS)
    try:
        # Of several test runs the first pulls it, and the others find it.
        with locks.alone("pull"):
            return "" if _is_here(client, image) else _pull_failure(client, image)
    except Exception as error:  # noqa: BLE001  # as above
        return f"the Docker engine fails ({type(error).__name__})"


def _is_here(client: Any, image: str) -> bool:
    import docker

    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def _pull_failure(client: Any, image: str) -> str:
    """Pull an image while its progress is heard of, and return why it failed, or nothing."""
    deadline = time.monotonic() + PULL_SECONDS
    try:
        for event in client.api.pull(image, stream=True, decode=True):
            if "error" in event:
                return f"no image {image} ({event['error'][:120]})"
            if time.monotonic() > deadline:
                return f"no image {image} (pulling it took longer than {PULL_SECONDS} s)"
        client.images.get(image)
    except Exception as error:  # noqa: BLE001  # as above
        return f"no image {image} ({type(error).__name__})"
    return ""


def require(image: str) -> None:
    """Unavailable, with the reason, unless containers of this image can be started."""
    if failure := engine_failure() or image_failure(image):
        raise Unavailable(failure)


class Container:
    """A server in a container. ``ports`` maps its ports to ours, which stay the same after a restart."""

    def __init__(
        self, image: str, *, ports: Mapping[int, int], env: Mapping[str, str], command: Sequence[str] = ()
    ) -> None:
        from testcontainers.core.container import DockerContainer

        require(image)
        self._spec = DockerContainer(image).with_envs(**env)
        for inside, outside in ports.items():
            self._spec.with_bind_ports(inside, outside)
        if command:
            self._spec.with_command(list(command))
        self._container: Any = None

    def address(self) -> str:
        """Return where the engine's ports are reached from here."""
        host = str(self._spec.get_container_host_ip())
        return "127.0.0.1" if host == "localhost" else host

    def launch(self) -> None:
        """Start the container, the same one again after a stop."""
        if self._container is not None:
            self._container.start()
            return
        try:
            self._container = self._spec.start().get_wrapped_container()
        except Exception as error:
            self._spec.stop()
            raise Unavailable(f"the container did not start ({type(error).__name__}: {error!s:.200})") from error
        the_janitor().keep(self._container.id, kind="container", id=self._container.id)

    def is_running(self) -> bool:
        """Whether the engine says so."""
        self._container.reload()
        return self._container.status in {"running", "paused"}

    def last_words(self) -> str:
        """Return the end of its log."""
        return str(self._container.logs(tail=5).decode(errors="replace"))

    def stop(self) -> None:
        """End it in good order."""
        self._container.stop(timeout=15)

    def kill(self) -> None:
        """SIGKILL it; a frozen one is thawed first, since engines refuse otherwise."""
        self._container.reload()
        if self._container.status == "paused":
            self._container.unpause()
        if self._container.status != "exited":
            self._container.kill()
            self._container.wait(timeout=30)

    def freeze(self) -> None:
        """Pause all its processes."""
        self._container.pause()

    def thaw(self) -> None:
        """Let its processes go on."""
        self._container.unpause()

    def discard(self) -> None:
        """Remove it with its data."""
        if self._container is not None:
            self._container.remove(force=True, v=True)
            the_janitor().forget(self._container.id)
