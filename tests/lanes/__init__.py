"""Run all tests in lanes: pytest processes side by side, each with its part of the tests, and one summary.

Server and fault tests mostly wait, while the others need a processor: together they take half the time. Plain
processes do it, because pytest-xdist hangs when eventlet has patched everything. ``table.py`` says which tests a lane
runs, ``report.py`` is the pytest plugin that tells how far a lane is, and ``runner.py`` starts, watches and ends them.
``second.py`` chooses the failed tests that run once more, and ``summary.py`` prints the outcome.
"""
