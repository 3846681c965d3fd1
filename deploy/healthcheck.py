"""Whether the process in this container can take work, for the engine's health check: exit code 0 or 1."""  # noqa: INP001  a script, not part of a package

import os
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4.0


def main() -> int:
    """Ask /health/ready on the container's own port, and print what is missing."""
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("HEALTH_PORT") or 8000), timeout=SECONDS)
    try:
        connection.request("GET", "/health/ready")
        reply = connection.getresponse()
        sys.stdout.write(reply.read(1000).decode(errors="replace") + "\n")
    except (OSError, HTTPException) as error:
        sys.stdout.write(f"{type(error).__name__}\n")
        return 1
    return 0 if reply.status == 200 else 1  # noqa: PLR2004  HTTP's own number


if __name__ == "__main__":
    raise SystemExit(main())
