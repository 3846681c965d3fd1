"""The container's health check: exit with 0 if the process is ready, with 1 otherwise."""  # noqa: INP001  a script, not part of a package

import os
import sys
from http.client import HTTPConnection, HTTPException

SECONDS = 4.0


def main() -> int:
    """Call /health/ready on the container's port and print the reply."""
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
