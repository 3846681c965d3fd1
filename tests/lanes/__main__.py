"""``python -m tests.lanes``: all tests in lanes. With arguments it is plain pytest, which then chooses."""

import os
import signal
import sys
from pathlib import Path

from tests.lanes.runner import run
from tests.lanes.table import LANES

if sys.argv[1:]:
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *sys.argv[1:]])  # noqa: S606  pytest takes our place
signal.signal(signal.SIGTERM, signal.default_int_handler)
sys.exit(run(LANES, Path(__file__).parents[2]))
