"""The options of a sandbox, on its command line."""

import argparse
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass
class Options:
    """The options. All times are seconds."""

    folder: Path
    """The folder of the state."""
    port: int
    secret_key: str = "sandbox-key"
    """The key that callers send as `Authorization: Bearer KEY`."""
    webhook_secret: str = "sandbox-secret"
    """The secret that signs webhooks."""
    webhook_url: str = ""
    """The receiver of webhooks. Control may set it later."""
    public_url: str = ""
    """The address of the sandbox for browsers; by default `http://127.0.0.1:PORT`."""
    hang_seconds: float = 35.0
    retry_seconds: float = 0.2
    """The pause before the second delivery of a webhook; each further pause is twice as long."""
    max_tries: int = 10
    webhook_delay: float = 0.1
    """The pause between a payment and its webhook: the redirect of the payer comes first."""
    delayed_seconds: float = 2.0
    """The pause before the money comes with `delayed_success`."""

    @property
    def url(self) -> str:
        """The address of the sandbox for browsers."""
        return self.public_url or f"http://127.0.0.1:{self.port}"


def from_command_line() -> Options:
    """Read `--folder FOLDER --port PORT` and the others."""
    parser = argparse.ArgumentParser()
    for one in fields(Options):
        required = one.name in ("folder", "port")
        kind = {"folder": Path, "port": int, "max_tries": int}.get(one.name, type(one.default))
        parser.add_argument(f"--{one.name.replace('_', '-')}", type=kind, required=required, default=argparse.SUPPRESS)
    return Options(**vars(parser.parse_args()))
