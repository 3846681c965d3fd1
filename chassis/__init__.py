"""The base of every service. Its import makes the process green, so it comes before every other import.

Eventlet must replace the blocking parts of the standard library before another module takes hold of them, and psycopg
reads `PSYCOPG_WAIT_FUNC` when it is imported: without it, its C code waits for PostgreSQL with the whole process
stopped.
"""

import os
import warnings

os.environ.setdefault("PSYCOPG_WAIT_FUNC", "wait_selector")
# Eventlet's own resolver passes over the system's (nsswitch) and costs each process 14 MiB; `transports.names` calls
# the system's in threads.
os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")

with warnings.catch_warnings():
    # Eventlet announces its own retirement at import. Nameko 2, which is prescribed, stands on it; see docs/decisions.
    warnings.simplefilter("ignore")
    import eventlet

    eventlet.monkey_patch()

from transports import names

names.install()
